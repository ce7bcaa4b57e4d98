package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/jobs"
)

// beginRetry creates the job that runs failed rows again, or goes on with it where it was begun and is not whole
// (I9). Rows that another job took are run once more only when that is asked for.
func (p *program) beginRetry(ctx context.Context, f *failedRows, opt jobs.Options, again bool) (*session, error) {
	opt.Origin = jobs.Origin{} // its rows go no further in a runbook
	s := f.session(opt)
	holder, same, err := f.ledger.ClaimRetry(ctx, f.Of, f.Cause, s.job, "")
	if err != nil {
		return nil, err
	}
	before, err := f.ledger.Job(ctx, holder)
	if err == nil && (before.Sealed || before.State.Ended()) || !same {
		if !again {
			return nil, f.taken(holder, before.State, same)
		}
		if holder, _, err = f.ledger.ClaimRetry(ctx, f.Of, f.Cause, s.job, holder); err != nil {
			return nil, err
		}
		before, err = f.ledger.Job(ctx, holder)
	}
	switch {
	case err == nil:
		return s, p.goOnRetry(ctx, s, f, before)
	case !errors.Is(err, ledger.ErrNoJob):
		return nil, err
	}
	// It was cut off before it was created, or forgotten since: whoever begins it again creates the same job.
	s.job = holder
	return s, p.createRetry(ctx, s, f, opt, again)
}

// taken is the error of a retry whose rows another job has.
func (f *failedRows) taken(by string, state jobs.State, same bool) error {
	what := "the failed rows"
	if f.Cause != "" {
		what += " of cause " + f.Cause
	}
	var hint string
	switch {
	case state == "" || !same && state == jobs.Enqueuing:
		hint = "'sunbulk retry " + f.Of + "' goes on with it"
	case state == jobs.Cancelled:
		hint = "'sunbulk report " + by + "' writes the rows that it left as unprocessed.csv, which can be queued"
	default:
		hint = "'sunbulk status " + by + "' tells what became of them, and 'sunbulk retry " + by + "' runs again what failed there"
	}
	message := fmt.Sprintf("%s of job %s were taken by job %s", what, f.Of, by)
	if state != "" {
		message += fmt.Sprintf(", which is %s", state)
	}
	return usage(message, hint+"; --allow-duplicates runs every row again")
}

// goOnRetry goes on with a retry that was begun.
func (p *program) goOnRetry(ctx context.Context, s *session, f *failedRows, job jobs.Job) error {
	begun, ok := job.Retry()
	if !ok || begun.Of != f.Of || begun.Cause != f.Cause {
		return cannotRun(fmt.Errorf("job %s is no retry of these rows", job.ID), "")
	}
	f.Retry = begun
	return p.goOn(ctx, s, job)
}

// leaveOut leaves out the causes whose rows other jobs have.
func (f *failedRows) leaveOut(job jobs.Job) {
	f.Without = slices.DeleteFunc(slices.Sorted(maps.Keys(job.Retries)), func(code string) bool { return code == "" })
}

// createRetry creates the job of a retry: of all causes without those whose rows other jobs have.
func (p *program) createRetry(ctx context.Context, s *session, f *failedRows, opt jobs.Options, again bool) error {
	if f.Cause == "" && !again {
		job, err := f.ledger.Job(ctx, f.Of) // by now no other retry may take any
		if err != nil {
			return err
		}
		f.leaveOut(job)
		for _, code := range f.Without {
			printf(p.screen, "rows of cause %s are left out: job %s took them\n", code, job.Retries[code])
		}
	}
	err := s.create(ctx, opt, f.Fingerprint())
	if !errors.Is(err, ledger.ErrExists) {
		return err
	}
	job, err := f.ledger.Job(ctx, s.job) // another process did the same at the same time
	if err != nil {
		return err
	}
	return p.goOnRetry(ctx, s, f, job)
}
