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
		s.noteRate(ctx)
		if err := s.app.keepOutage(ctx); err != nil && ctx.Err() == nil {
			s.log.Debug("could not report the API's outage", "error", err)
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
		return warned // the heartbeats tell that Redis does not answer
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

// unknownRate is the id of no override: what was noted before this worker came is not known to it.
const unknownRate = "unknown"

// noteRate takes back an override of the rate whose time is over, and notes in the job which one is in force: those who read its
// report look for the cause of its speed.
func (s *server) noteRate(ctx context.Context) {
	o, err := s.app.pace.InForce(ctx, func(job string) (bool, error) { return s.ledger.Over(ctx, job) })
	if err == nil && o.ID() == s.rate {
		return
	}
	if err == nil {
		err = s.ledger.NoteRate(ctx, s.job.ID, o.ID(), o.Event(s.job.Created))
	}
	if err != nil {
		s.log.Debug("could not note the app's rate", "error", err)
		return
	}
	s.rate = o.ID()
}
