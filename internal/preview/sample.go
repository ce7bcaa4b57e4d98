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

// try lists the clients of some users, and takes them to the second step.
func try(ctx context.Context, c *plan.Checker, r *runs.Run, rows []jobs.Row) (*Sample, error) {
	s := &Sample{}
	var chunk jobs.Chunk
	for _, row := range rows {
		found, answered := c.Clients(ctx, row)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if !answered {
			continue
		}
		o := jobs.Outcome{Row: row, Kind: jobs.OK}
		for _, client := range found {
			o.Clients = append(o.Clients, client.JSON())
		}
		s.Asked, s.Clients = s.Asked+1, s.Clients+len(found)
		chunk.Outcomes = append(chunk.Outcomes, o)
	}
	u, err := s.take(r, chunk)
	if s.Unjudged = u.Clients; s.Unjudged > 0 {
		grave := plan.Warning
		if s.Unjudged == int64(s.Clients) {
			grave = plan.Problem
		}
		c.Add(grave, fmt.Sprintf("where could not judge %s of the %s: %s", jobs.Group(u.Clients), jobs.Count(s.Clients, "client"), u.Why), "they do not go on: mend the where, or its variables")
	}
	return s, err
}

// take goes with outcomes to the second step, and tells of clients that do not come there because they cannot be judged.
func (s *Sample) take(r *runs.Run, chunk jobs.Chunk) (u runbook.Unjudged, err error) {
	opt, err := r.Options(0)
	if err != nil {
		return u, err
	}
	outcomes := func(yield func(jobs.Chunk, error) bool) { yield(chunk, nil) }
	src, err := r.Behind(1, jobs.Job{Options: opt, Created: r.Created}, outcomes)
	if err != nil {
		return u, err
	}
	for row, rejection := range src.Records(context.Background()) {
		s.Kept++
		switch {
		case rejection == nil && len(s.Rows) < mostRows:
			s.Rows = append(s.Rows, checkRow(row, nil))
		case rejection != nil && !rejection.Filtered:
			if s.Rejected++; len(s.Why) < mostRows {
				s.Why = append(s.Why, checkRow(row, rejection).Rejected)
			}
		}
	}
	return src.Unjudged(), src.Err()
}

// scale says how many clients go on of so many rows, if all are like those of the sample.
func (s *Sample) scale(rows int64) int64 {
	if s == nil || s.Asked == 0 {
		return 0
	}
	return rows * (s.Kept - s.Rejected) / int64(s.Asked)
}
