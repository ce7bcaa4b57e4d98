package service

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/runs"
)

// Forget drops a run that has ended with its jobs, or a job that is of none.
func (s *Service) Forget(ctx context.Context, id string) error {
	r, err := s.runs.Run(ctx, id)
	if err == nil {
		return s.aboutRun(ctx, id, runs.New(s.rdb, s.codec, runs.Config{}).Forget(ctx, r))
	}
	if !errors.Is(err, runs.ErrNoRun) {
		return err
	}
	job, err := s.Job(ctx, id)
	if err != nil {
		return err
	}
	if run := job.Options.Run; run != "" {
		return &Conflict{Kind: StepOfRun, ID: run, text: fmt.Sprintf("job %s is a step of run %s", id, run)}
	}
	if err := s.ledger.Forget(ctx, id); err != nil {
		return s.aboutJob(ctx, id, err)
	}
	return s.queues.Drop(ctx, id)
}

// EndedBefore returns the runs that ended before a time, and the jobs that are of none, the newest first.
func (s *Service) EndedBefore(ctx context.Context, end time.Time) ([]string, error) {
	var old []string
	all, err := s.runs.IDs(ctx)
	if err != nil {
		return nil, err
	}
	for _, id := range all {
		r, err := s.runs.Run(ctx, id)
		if err != nil {
			return nil, err
		}
		if r.State.Ended() && r.Ended.Before(end) {
			old = append(old, id)
		}
	}
	if all, err = s.ledger.IDs(ctx); err != nil {
		return nil, err
	}
	for _, id := range all {
		job, err := s.ledger.Job(ctx, id)
		if errors.Is(err, ledger.ErrNoJob) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if job.State.Ended() && job.Options.Run == "" && job.Finished.Before(end) {
			old = append(old, id)
		}
	}
	return old, nil
}
