package service

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sunbulk/sunbulk/internal/audit"
	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/runs"
	"github.com/sunbulk/sunbulk/jobs"
)

// Forget drops a run that has ended with its jobs, or a job that is of none. What nobody can read, or is lost but for its id, is
// dropped by the id, unless workers serve it.
func (s *Service) Forget(ctx context.Context, id string, by By) error {
	e, err := s.forget(ctx, id)
	e.What = audit.Forget
	return s.record(ctx, by, e, err)
}

// forget also returns what is kept of it.
func (s *Service) forget(ctx context.Context, id string) (audit.Entry, error) {
	r, err := s.runs.Run(ctx, id)
	if err == nil {
		return audit.Entry{App: r.Runbook.App, Run: id}, s.aboutRun(ctx, id, runs.New(s.rdb, s.codec, runs.Config{}).Forget(ctx, r))
	}
	if listed, lerr := s.runs.Listed(ctx, id); errors.As(err, new(*runs.UnreadableError)) || lerr == nil && listed {
		return audit.Entry{Run: id}, s.runs.Drop(ctx, id)
	}
	if !errors.Is(err, runs.ErrNoRun) {
		return audit.Entry{}, err
	}
	job, err := s.ledger.Job(ctx, id)
	if ledger.Unreadable(err) {
		return audit.Entry{Job: id}, s.forgetUnreadable(ctx, id, err)
	}
	e := audit.Entry{App: job.Options.App, Job: id}
	if err != nil {
		return e, err
	}
	if run := job.Options.Run; run != "" {
		if _, err := s.runs.Run(ctx, run); !errors.Is(err, runs.ErrNoRun) {
			return e, &Conflict{Kind: StepOfRun, ID: run, text: fmt.Sprintf("job %s is a step of run %s", id, run)}
		}
	}
	if err := s.ledger.Forget(ctx, id); err != nil {
		return e, s.aboutJob(ctx, id, err)
	}
	return e, s.queues.Drop(ctx, id)
}

// forgetUnreadable drops a job whose record cannot be read, as err says.
func (s *Service) forgetUnreadable(ctx context.Context, id string, err error) error {
	listed, lerr := s.ledger.Listed(ctx, id)
	switch workers, _ := s.ledger.Workers(ctx, id); {
	case lerr != nil:
		return lerr
	case len(workers) > 0:
		return &Conflict{Kind: WrongState, ID: id, text: fmt.Sprintf("%v, but a worker serves it: %s", err, workers[0].Name)}
	case errors.Is(err, ledger.ErrNoJob) && !listed:
		return s.aboutJob(ctx, id, err)
	}
	if err := s.ledger.Drop(ctx, id); err != nil {
		return err
	}
	return s.queues.Drop(ctx, id)
}

// EndedBefore returns the runs that ended before a time, and the jobs that are of none, the newest first, and why others could not be
// read.
func (s *Service) EndedBefore(ctx context.Context, end time.Time) (old []string, unreadable []error, err error) {
	all, err := s.runs.IDs(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, id := range all {
		r, err := s.runs.Run(ctx, id)
		if errors.As(err, new(*runs.UnreadableError)) || errors.Is(err, runs.ErrNoRun) {
			unreadable = append(unreadable, typed(err))
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		if r.State.Ended() && r.Ended.Before(end) {
			old = append(old, id)
		}
	}
	jobless, err := s.eachRecord(ctx, func(job jobs.Job) error {
		if job.State.Ended() && job.Options.Run == "" && job.Finished.Before(end) {
			old = append(old, job.ID)
		}
		return nil
	})
	return old, append(unreadable, jobless...), err
}
