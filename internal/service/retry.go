package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/sunbulk/sunbulk/enqueue"
	"github.com/sunbulk/sunbulk/internal/audit"
	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/jobs"
)

// RetryOrder asks for a job of the failed rows of another.
type RetryOrder struct {
	Of              string       // the job, which must have ended
	Cause           string       // only rows with this error code; empty = all that no earlier retry took
	AllowDuplicates bool         // also rows that an earlier retry took
	By              By           // is kept with both jobs; without Who nobody is
	Note            func(string) // hears how it goes; nil = nobody does
}

// Retry queues failed rows as a new job with the same options, and returns that. After an interruption the same
// order continues the same job. Its errors: *NotFound, *Conflict, *Interrupted.
func (s *Service) Retry(ctx context.Context, o RetryOrder) (jobs.Job, error) {
	job, err := s.Job(ctx, o.Of)
	if err != nil {
		return job, err
	}
	if !job.State.Ended() {
		return job, &Conflict{Kind: NotEnded, ID: o.Of, State: job.State, text: fmt.Sprintf("job %s is %s", o.Of, job.State)}
	}
	if o.Note == nil {
		o.Note = func(string) {}
	}
	f := &failedRows{ledger: s.ledger, Retry: jobs.Retry{Of: o.Of, Cause: o.Cause, Unbound: o.AllowDuplicates}}
	if o.Cause == "" && !o.AllowDuplicates && job.Retries[""] == "" {
		f.leaveOut(job)
	}
	// The counters tell most jobs that have none, without their outcomes being read.
	_, known := job.Stats.Causes[o.Cause]
	if job.Tally.Failed == 0 || o.Cause != "" && !known || !f.any(ctx) {
		return job, cmp.Or(f.err, f.none())
	}
	sub := &Submission{Job: jobs.Job{ID: jobs.NewID(time.Now()), Options: job.Options, Created: time.Now()}, producer: s.producer(Order{}, false, nil)}
	sub.Job.Options.Origin = jobs.Origin{Made: job.Options.Origin.Made} // its rows go no further in a runbook
	if err := s.beginRetry(ctx, sub, f, o); err != nil {
		return sub.Job, err
	}
	if canary := job.Options.Canary; canary.Rows > 0 {
		sub.producer.canary = enqueue.Pick(f.rows(ctx), canary.Rows)
	}
	return s.queueKept(ctx, sub, func() enqueue.Records { return f.rows(ctx) }, f.inputs)
}

// queueKept queues rows that Redis keeps. What a failover has lost is queued again: the rows are still there.
func (s *Service) queueKept(ctx context.Context, sub *Submission, rows func() enqueue.Records, inputs func() []jobs.Input) (jobs.Job, error) {
	var err error
	for range 2 {
		if err = sub.producer.queue(ctx, sub.Job, rows(), inputs); err == nil {
			err = s.replicate(ctx, sub.Job.ID, sub.producer.verify)
		}
		if !errors.Is(err, ledger.ErrWentBack) {
			break
		}
	}
	if err := sub.explain(ctx, err); err != nil {
		return sub.Job, err
	}
	return s.Job(ctx, sub.Job.ID)
}

// beginRetry creates the job that runs failed rows again, or continues it where it was begun and is not whole
// (I9). Rows that another job took are run once more only when that is asked for.
func (s *Service) beginRetry(ctx context.Context, sub *Submission, f *failedRows, o RetryOrder) error {
	holder, same, err := s.ledger.ClaimRetry(ctx, f.Of, f.Cause, sub.Job.ID, "")
	if err != nil {
		return err
	}
	before, err := s.ledger.Job(ctx, holder)
	if err == nil && (before.Sealed || before.State.Ended()) || !same {
		if !o.AllowDuplicates {
			return f.taken(holder, before.State, same)
		}
		if holder, _, err = s.ledger.ClaimRetry(ctx, f.Of, f.Cause, sub.Job.ID, holder); err != nil {
			return err
		}
		before, err = s.ledger.Job(ctx, holder)
	}
	switch {
	case err == nil:
		return s.goOnRetry(ctx, sub, f, before, o)
	case !errors.Is(err, ledger.ErrNoJob):
		return err
	}
	// It was cut off before it was created, or forgotten since: a second begin creates the same job.
	sub.Job.ID = holder
	return s.createRetry(ctx, sub, f, o)
}

// goOnRetry continues a retry that was begun.
func (s *Service) goOnRetry(ctx context.Context, sub *Submission, f *failedRows, job jobs.Job, o RetryOrder) error {
	begun, ok := job.Retry()
	if !ok || begun.Of != f.Of || begun.Cause != f.Cause {
		return fmt.Errorf("job %s is no retry of these rows", job.ID)
	}
	f.Retry = begun
	return s.goOn(ctx, sub, job, o.Note)
}

// createRetry creates the job of a retry: of all causes without those whose rows other jobs have.
func (s *Service) createRetry(ctx context.Context, sub *Submission, f *failedRows, o RetryOrder) error {
	if f.Cause == "" && !o.AllowDuplicates {
		job, err := s.ledger.Job(ctx, f.Of) // by now no other retry may take any
		if err != nil {
			return err
		}
		f.leaveOut(job)
		for _, code := range f.Without {
			o.Note(fmt.Sprintf("rows of cause %s are left out: job %s took them", code, job.Retries[code]))
		}
	}
	sub.Job.Fingerprint = f.Fingerprint()
	err := s.create(ctx, sub)
	if err == nil {
		return s.tellRetry(ctx, sub.Job.ID, o)
	}
	if !errors.Is(err, ledger.ErrExists) {
		return err
	}
	job, err := s.ledger.Job(ctx, sub.Job.ID) // another process did the same at the same time
	if err != nil {
		return err
	}
	return s.goOnRetry(ctx, sub, f, job, o)
}

// tellRetry keeps with both jobs who asked for a retry.
func (s *Service) tellRetry(ctx context.Context, id string, o RetryOrder) error {
	if o.By.Who == "" {
		return nil
	}
	e := jobs.Event{Who: o.By.Who, What: jobs.EventRetry, Reason: cmp.Or(o.By.Reason, "failed rows of job "+o.Of)}
	if err := s.ledger.Tell(ctx, id, e); err != nil {
		return err
	}
	e.Reason = cmp.Or(o.By.Reason, "job "+id)
	if err := s.ledger.Tell(ctx, o.Of, e); err != nil {
		return err
	}
	job, err := s.Job(ctx, id)
	detail := ""
	if o.Cause != "" {
		detail = "cause " + o.Cause
	}
	return s.record(ctx, o.By, audit.Entry{What: audit.Retry, App: job.Options.App, Job: id, Of: o.Of, Detail: detail}, err)
}

// failedRows are the rows of a job that failed, numbered from 1.
type failedRows struct {
	ledger *ledger.Ledger
	jobs.Retry
	read int64
	err  error // that ended the reading
}

// leaveOut leaves out the causes whose rows other jobs have.
func (f *failedRows) leaveOut(job jobs.Job) {
	f.Without = slices.DeleteFunc(slices.Sorted(maps.Keys(job.Retries)), func(code string) bool { return code == "" })
}

func (f *failedRows) any(ctx context.Context) bool {
	for range f.rows(ctx) {
		return true
	}
	return false
}

func (f *failedRows) rows(ctx context.Context) enqueue.Records {
	return func(yield func(jobs.Row, *jobs.Rejection) bool) {
		f.read = 0
		for chunk, err := range f.ledger.Chunks(ctx, f.Of) {
			if err != nil {
				f.err = err
				return
			}
			for _, o := range chunk.Outcomes {
				if o.Kind != jobs.Failed || !f.Holds(o.ErrorCode) {
					continue
				}
				f.read++
				o.Row.Lineage = o.Row.Lineage.Then(jobs.RowRef{Job: f.Of, Row: o.Row.Number})
				if f.Unbound {
					o.Row.Lineage = ""
				}
				o.Row.Number, o.Row.Carry = f.read, o.Row.Condition()
				if !yield(o.Row, nil) {
					return
				}
			}
		}
	}
}

func (f *failedRows) inputs() []jobs.Input {
	in := jobs.Input{Name: "failed rows of job " + f.Of, Format: "job", FirstRow: 1, Rows: f.read}
	if f.err != nil {
		in.Error = f.err.Error()
	}
	return []jobs.Input{in}
}

// taken is the error of a retry whose rows another job has.
func (f *failedRows) taken(by string, state jobs.State, same bool) error {
	e := &Conflict{Kind: RowsTaken, ID: by, State: state, Retry: f.Retry}
	if state == "" || !same && state == jobs.Enqueuing {
		e.Kind = RetryUnfinished
	}
	what := "the failed rows"
	if f.Cause != "" {
		what += " of cause " + f.Cause
	}
	e.text = fmt.Sprintf("%s of job %s were taken by job %s", what, f.Of, by)
	if state != "" {
		e.text += fmt.Sprintf(", which is %s", state)
	}
	return e
}

// none is the error of a retry for which there are no rows.
func (f *failedRows) none() error {
	what := "failed rows"
	if f.Cause != "" {
		what += " of cause " + f.Cause
	}
	if len(f.Without) > 0 {
		what += " that no earlier retry took"
	}
	return &Conflict{Kind: NoFailedRows, ID: f.Of, Retry: f.Retry, text: fmt.Sprintf("job %s has no %s", f.Of, what)}
}
