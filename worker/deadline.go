package worker

import (
	"context"
	"time"

	"github.com/sunbulk/sunbulk/internal/pace"
)

// keepPace tells the pace that the job runs, at the lowest rate that meets its deadline, until ctx
// ends. It warns once when the deadline will be missed.
func (s *server) keepPace(ctx context.Context) {
	warned := false
	tick := time.NewTicker(pace.KeepInterval)
	defer tick.Stop()
	for {
		if s.job.Options.FinishBy != "" {
			warned = s.meetDeadline(ctx, warned)
		}
		if err := s.lane.pace.Keep(ctx); err != nil && ctx.Err() == nil {
			s.log.Debug("could not keep the job's rate", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// meetDeadline sets the job's own rate by what is left to do, and tells whether a warning was given.
func (s *server) meetDeadline(ctx context.Context, warned bool) bool {
	job, err := s.ledger.Job(ctx, s.job.ID)
	if err != nil {
		return warned // the signs of life tell that Redis does not answer
	}
	t := terms(job.Options)
	need, known := job.Needed(time.Now())
	most := job.Options.Allowed()
	late := known && (need < 0 || most > 0 && need > most)
	if known && !late {
		t.Cap = need
	}
	s.lane.pace.Set(t)
	if late && !warned {
		s.log.Warn("the deadline will be missed at this rate", "finishBy", job.Options.FinishBy, "rate", most, "needed", need)
	}
	return warned || late
}
