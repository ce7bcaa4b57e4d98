package report

import (
	"strconv"

	"github.com/sunbulk/sunbulk/jobs"
)

// The states of a client that count as links: the API took a pending one, and it may still fail.
const (
	linkPending = "pending"
	linkActive  = "active"
)

// Links counts the clients that creates and ensures left, by what the API last said of them.
type Links struct {
	Pending int64 `json:"pending"`
	Active  int64 `json:"active"`
}

func (l *Links) note(o *jobs.Outcome) {
	switch {
	case !leavesClient(o):
	case o.ClientStatus == linkActive:
		l.Active++
	case o.ClientStatus == linkPending:
		l.Pending++
	}
}

// leavesClient tells whether a create or an ensure left a client that is known.
func leavesClient(o *jobs.Outcome) bool {
	return o.Row.Op.Creates() && o.Kind.Done() && o.ClientID != ""
}

// verifyLines writes input that asks for each client that a create or an ensure left and that was
// not active then. The brand is a column where there is one.
func verifyLines(s *sheet, brands bool) section {
	header := []string{"op", "user", "clientId", "row"}
	if brands {
		header = append(header, "brandId")
	}
	return func(r *record) error {
		if !leavesClient(&r.Outcome) || r.ClientStatus == linkActive {
			return nil
		}
		cells := []string{string(jobs.Verify), r.Row.User, r.ClientID, strconv.FormatInt(r.Row.Number, 10)}
		if brands {
			cells = append(cells, r.Row.BrandID)
		}
		return s.write(header, cells)
	}
}
