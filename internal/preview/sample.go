package preview

import (
	"context"
	"fmt"

	"github.com/sunbulk/sunbulk/internal/plan"
	"github.com/sunbulk/sunbulk/internal/runbook"
	"github.com/sunbulk/sunbulk/internal/runs"
	"github.com/sunbulk/sunbulk/jobs"
)

// Sample is what the lists of some rows found, and what the second step would do with it.
type Sample struct {
	Asked    int          `json:"asked"`    // rows whose lists were answered
	Clients  int          `json:"clients"`  // that they found
	Kept     int64        `json:"kept"`     // of them by where
	Unjudged int64        `json:"unjudged"` // of them, those that where could not judge: they do not go on
	Rejected int64        `json:"rejected"` // of those, rows that the next step could not take
	Why      []string     `json:"why,omitempty"`
	Rows     []CheckedRow `json:"rows,omitempty"` // the first that it would take
}

// walk takes the rows that were drawn through the steps, as far as GETs tell what those would do.
type walk struct {
	run    *runs.Run
	ahead  *plan.Foresight
	asked  int64 // rows about which the API has answered
	steps  []PlannedStep
	sample Sample // of the second step
}

func newWalk(ctx context.Context, c *plan.Checker, r *runs.Run, rows []jobs.Row) (*walk, error) {
	w := &walk{run: r, ahead: plan.NewForesight(c)}
	for i := range r.Runbook.Steps {
		var chunk jobs.Chunk
		step := PlannedStep{}
		for _, row := range rows {
			o, calls, answered := w.ahead.Row(ctx, row)
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if answered {
				step.Rows, step.Calls = step.Rows+1, step.Calls+calls
				chunk.Outcomes = append(chunk.Outcomes, o)
			}
		}
		w.steps = append(w.steps, step)
		if i == 0 {
			w.asked = step.Rows
		}
		if i+1 == len(r.Runbook.Steps) {
			break
		}
		var err error
		if rows, err = w.onward(c, i+1, chunk); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// onward returns the rows of a step, of what the step before has come to.
func (w *walk) onward(c *plan.Checker, step int, chunk jobs.Chunk) ([]jobs.Row, error) {
	s := Sample{}
	if w.run.Runbook.Steps[step-1].Op.Finds() {
		for _, o := range chunk.Outcomes {
			s.Asked, s.Clients = s.Asked+1, s.Clients+len(o.Clients)
		}
	}
	rows, u, err := s.take(w.run, step, chunk)
	if s.Unjudged = u.Clients; s.Unjudged > 0 {
		grave := plan.Warning
		if s.Unjudged == int64(s.Clients) {
			grave = plan.Problem
		}
		c.Add(grave, fmt.Sprintf("where could not judge %s of the %s: %s", jobs.Group(u.Clients), jobs.Count(s.Clients, "client"), u.Why), "they do not go on: mend the where, or its variables")
	}
	if step == 1 {
		w.sample = s
	}
	return rows, err
}

// take goes with outcomes to a step, and counts the clients that do not come there because they cannot be judged.
func (s *Sample) take(r *runs.Run, step int, chunk jobs.Chunk) (rows []jobs.Row, u runbook.Unjudged, err error) {
	opt, err := r.Options(step - 1)
	if err != nil {
		return nil, u, err
	}
	outcomes := func(yield func(jobs.Chunk, error) bool) { yield(chunk, nil) }
	src, err := r.Behind(step, jobs.Job{Options: opt, Created: r.Created}, outcomes)
	if err != nil {
		return nil, u, err
	}
	for row, rejection := range src.Records(context.Background()) {
		s.Kept++
		switch {
		case rejection == nil:
			if rows = append(rows, row); len(s.Rows) < mostRows {
				s.Rows = append(s.Rows, checkRow(row, nil))
			}
		case !rejection.Filtered:
			if s.Rejected++; len(s.Why) < mostRows {
				s.Why = append(s.Why, checkRow(row, rejection).Rejected)
			}
		}
	}
	return rows, src.Unjudged(), src.Err()
}

// of says how many rows and calls a step would have for so many rows of the input, if all are like those that were drawn.
func (w *walk) of(step int, rows int64) (PlannedStep, bool) {
	if w == nil || w.asked == 0 {
		return PlannedStep{}, false
	}
	s := w.steps[step]
	scale := func(n int64) int64 { return (rows*n + w.asked/2) / w.asked }
	return PlannedStep{Rows: scale(s.Rows), Calls: scale(s.Calls)}, true
}
