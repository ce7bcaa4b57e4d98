package report

import (
	"cmp"
	"slices"

	"github.com/sunbulk/sunbulk/jobs"
)

// slowest keeps the outcomes that took longest, the longest first; of equal ones the earlier rows.
type slowest []jobs.Outcome

const slowestRows = 20

// note is a section that keeps r if it is among them. What names people is left behind.
func (s *slowest) note(r *record) error {
	full := len(*s) == slowestRows
	if r.Duration <= 0 || full && r.Duration <= (*s)[slowestRows-1].Duration {
		return nil
	}
	o := faceless(r)
	at, _ := slices.BinarySearchFunc(*s, o, func(a, b jobs.Outcome) int {
		return cmp.Or(cmp.Compare(b.Duration, a.Duration), cmp.Compare(a.Row.Number, b.Row.Number))
	})
	if full {
		*s = (*s)[:slowestRows-1]
	}
	*s = slices.Insert(*s, at, o)
	return nil
}
