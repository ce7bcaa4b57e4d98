package runbook

import (
	"fmt"

	"github.com/sunbulk/sunbulk/jobs"
)

// Input returns why a run may not begin with an input of so many rows, "" when it may; before is how
// many the last run had that finished, 0 when there was none.
func (c Caps) Input(rows, before int64) string {
	shrink, _ := jobs.ParseShare(c.MaxShrink) // it was checked with the runbook
	switch {
	case rows == 0:
		return "the input has no rows"
	case c.MaxRows > 0 && rows > c.MaxRows:
		return fmt.Sprintf("the input has %s, and max_rows is %d", jobs.Count(rows, "row"), c.MaxRows)
	case rows < c.MinRows:
		return fmt.Sprintf("the input has %s, and min_rows is %d", jobs.Count(rows, "row"), c.MinRows)
	case c.MaxShrink != "" && float64(before-rows) > shrink*float64(before):
		return fmt.Sprintf("the input has %s, the last time it had %s, and max_shrink is %s", jobs.Count(rows, "row"), jobs.Group(before), c.MaxShrink)
	}
	return ""
}

// OnRemoves tells whether removes are capped.
func (c Caps) OnRemoves() bool { return c.MaxRemoves > 0 || c.MaxShare != "" }

// Removes returns why a run of so many input rows may not remove so many clients, "" when it may.
func (c Caps) Removes(removes, rows int64) string {
	most, _ := jobs.ParseShare(c.MaxShare)
	switch {
	case c.MaxRemoves > 0 && removes > c.MaxRemoves:
		return fmt.Sprintf("%s would be removed, and max_removes is %d", jobs.Count(removes, "client"), c.MaxRemoves)
	case c.MaxShare != "" && float64(removes) > most*float64(rows):
		return fmt.Sprintf("%s would be removed for %s of input, and max_share is %s", jobs.Count(removes, "client"), jobs.Count(rows, "row"), c.MaxShare)
	}
	return ""
}
