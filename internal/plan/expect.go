package plan

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
)

// expect estimates the calls of a job by the rows drawn, about whose users the API was asked. It says so where they are not those planned,
// which are what the rows take at most.
func (c *Checker) expect(ctx context.Context, made Plan) {
	if c.ended != nil || ctx.Err() != nil {
		return
	}
	found := slices.Clone(c.Findings.Findings)
	ahead := NewForesight(c)
	var rows, calls, most int64
	for _, row := range made.Drawn {
		if _, n, answered := ahead.Row(ctx, row); answered {
			rows, calls, most = rows+1, calls+n, most+row.Calls()
		}
	}
	c.Findings.Findings = found // all of it was said
	if rows == 0 || calls == most {
		return
	}
	c.ExpectedCalls = (made.Calls*calls + most/2) / most
	text := fmt.Sprintf("about %s will be made", jobs.Count(c.ExpectedCalls, "call"))
	if made.Rate > 0 {
		c.ExpectedSeconds = max(0, made.Seconds-float64(made.Calls-c.ExpectedCalls)/made.Rate)
		took := time.Duration(c.ExpectedSeconds * float64(time.Second))
		text += fmt.Sprintf(" in %s", (took + time.Second - 1).Truncate(time.Second))
	}
	c.Add(Fine, text+", if all rows are like those drawn", "")
}
