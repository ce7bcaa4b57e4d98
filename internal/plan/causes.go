package plan

import (
	"cmp"
	"maps"
	"slices"
)

// Sample is one of the first rejected rows.
type Sample struct {
	Row    int64  `json:"row"`
	Line   int64  `json:"line"`
	Column string `json:"column,omitempty"`
	Cause  string `json:"cause"`
}

// Cause is why rows are rejected, or warned of, how many, and where the first of them stands.
type Cause struct {
	Column string `json:"column,omitempty"` // empty when the whole record is at fault
	Cause  string `json:"cause"`
	Count  int64  `json:"count"`
	Row    int64  `json:"row"`
	Line   int64  `json:"line"` // in its file
}

const (
	maxSamples = 10
	maxCauses  = 100 // distinct ones that are counted apart
)

// otherCauses counts rows whose cause is not among the first maxCauses.
const otherCauses = "other causes"

// String gives column and cause.
func (c Cause) String() string {
	if c.Column == "" {
		return c.Cause
	}
	return c.Column + ": " + c.Cause
}

// causes counts rows by column and cause.
type causes map[[2]string]*Cause

func (c causes) count(column, cause string, row, line int64) {
	key := [2]string{column, cause}
	if c[key] == nil && len(c) >= maxCauses {
		key = [2]string{"", otherCauses}
	}
	if c[key] == nil {
		c[key] = &Cause{key[0], key[1], 0, row, line}
	}
	c[key].Count++
}

// list gives the most frequent cause first.
func (c causes) list() []Cause {
	list := make([]Cause, 0, len(c))
	for _, cause := range slices.SortedFunc(maps.Values(c), func(a, b *Cause) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Row, b.Row)) }) {
		list = append(list, *cause)
	}
	return list
}

func (c causes) byText() map[string]int64 {
	counts := make(map[string]int64, len(c))
	for _, cause := range c {
		counts[cause.String()] += cause.Count
	}
	return counts
}
