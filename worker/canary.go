package worker

import (
	"context"
	"errors"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/jobs"
)

// errCanaryOver ends the serving of a job's canary: the queue of its other batches is served next.
var errCanaryOver = errors.New("the canary is over")

// judgeCanary pauses the job when too many rows of its canary failed, and lets the other rows go when it
// was finished long enough. Any worker of the job may do so: all find the same.
func (s *server) judgeCanary(ctx context.Context) {
	state, past, err := s.ledger.Canary(ctx, s.job.ID)
	if err == nil && state == ledger.CanaryFinished {
		state, err = s.judgeFinished(ctx, past >= s.job.Options.Canary.Wait)
	}
	if err != nil {
		s.log.Warn("could not judge the canary", "error", err)
		return
	}
	if state == ledger.CanaryOver {
		s.finish(errCanaryOver)
	}
}

// judgeFinished returns CanaryOver when the other rows may go; due says that the wait is over.
func (s *server) judgeFinished(ctx context.Context, due bool) (ledger.CanaryState, error) {
	job, err := s.ledger.Job(ctx, s.job.ID)
	if err != nil {
		return "", err
	}
	if !job.InCanary() { // its counts are no longer the canary's alone
		return ledger.CanaryOver, nil
	}
	if reason := job.JudgeCanary(); reason != "" {
		s.pause(ctx, jobs.PauseCanary, reason)
		return ledger.CanaryFinished, nil
	}
	if !due {
		return ledger.CanaryFinished, nil
	}
	s.log.Info("the canary is over; the other rows follow")
	return ledger.CanaryOver, s.cfg.Deliveries.EndCanary(ctx, s.job.ID)
}
