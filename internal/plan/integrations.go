package plan

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/sunbulk/sunbulk/jobs"
)

// Integration is one that creates name, with the channel that they take it for: one id may come
// with several types, of which at most one is right.
type Integration struct {
	ID   string `json:"id"`
	Type string `json:"type,omitempty"` // matchCriteria.type; empty for OtherIntegrations
	Rows int64  `json:"rows"`
}

// OtherIntegrations stands for the integrations beyond the first 62, which are not told apart.
const OtherIntegrations = "other integrations"

// others is the channel of OtherIntegrations, and the highest: a mark of conflicts has 6 bits for it.
const others channel = 1<<6 - 1

// channel numbers the integrations of a plan from 1.
type channel uint64

// integrations counts creates by integration and type.
type integrations map[[2]string]*counted

type counted struct {
	Integration
	channel channel
}

// count counts r and returns its channel.
func (n integrations) count(r *jobs.Row) channel {
	key := [2]string{r.IntegrationID, r.Type}
	if n[key] == nil && len(n) >= int(others)-1 {
		key = [2]string{OtherIntegrations, ""}
	}
	if n[key] == nil {
		key = [2]string{strings.Clone(key[0]), strings.Clone(key[1])} // not the record that they stand in
		n[key] = &counted{Integration{ID: key[0], Type: key[1]}, channel(len(n) + 1)}
	}
	n[key].Rows++
	return n[key].channel
}

// list gives the integration with the most rows first.
func (n integrations) list() []Integration {
	list := make([]Integration, 0, len(n))
	for _, c := range slices.SortedFunc(maps.Values(n), func(a, b *counted) int { return cmp.Or(cmp.Compare(b.Rows, a.Rows), cmp.Compare(a.channel, b.channel)) }) {
		list = append(list, c.Integration)
	}
	return list
}
