package runs

import (
	"context"

	"github.com/sunbulk/sunbulk/enqueue"
	"github.com/sunbulk/sunbulk/jobs"
)

// count is one reading of a step's rows before they are queued.
type count struct {
	Read   int64 // records
	Valid  int64 // of them, those that will be called
	Canary []jobs.Row
	Broken string // why an input was not read to its end; empty when all were
}

// survey reads a source, and picks a canary of so many rows.
func (s *Source) survey(ctx context.Context, canary int) (count, error) {
	var v count
	counted := func(yield func(jobs.Row, *jobs.Rejection) bool) {
		for row, rejection := range s.Records(ctx) {
			v.Read++
			if rejection == nil {
				v.Valid++
			}
			if !yield(row, rejection) {
				return
			}
		}
	}
	if canary > 0 {
		v.Canary = enqueue.Pick(counted, canary)
	} else {
		for range counted { // only its count is wanted
		}
	}
	if err := ctx.Err(); err != nil {
		return v, err
	}
	for _, in := range s.Inputs() {
		if broken := in.Broken(); broken != "" {
			v.Broken = broken
		}
	}
	return v, s.Err()
}

// refuses returns why a run may not begin with the input that was surveyed, "" when it may; before is how many rows
// the last run had that finished, 0 when there was none.
func (r *Run) refuses(v count, before int64) string {
	reason := v.Broken
	if reason == "" {
		reason = r.Runbook.Caps.Input(v.Read, before)
	}
	if reason == "" && r.Runbook.Steps[0].Op.Removes() {
		reason = r.Runbook.Caps.Removes(v.Valid, v.Read)
	}
	return reason
}

// capped tells whether a step has a cap that its rows are to be counted for before they are queued. Those of the
// first step are counted before the run begins.
func (r *Run) capped(step int) bool {
	return step > 0 && r.Exceed != step+1 && r.Runbook.Steps[step].Op.Removes() && r.Runbook.Caps.OnRemoves()
}

// called counts the rows of a job that were, or will be, called.
func called(job jobs.Job) int64 { return job.Tally.Read - job.Tally.Rejected - job.Filtered }
