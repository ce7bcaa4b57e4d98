package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sunbulk/sunbulk/enqueue"
	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/jobs"
)

// session returns the session of a new job on a real Redis.
func (s *store) session(opt jobs.Options) *session {
	now := time.Now()
	return &session{
		store: s, memory: s.ledger, job: jobs.NewID(now), created: now, batch: opt.BatchSize,
		process: processName() + "-" + rand.Text()[:6], again: "the same command",
	}
}

// create makes the session's job.
func (s *session) create(ctx context.Context, opt jobs.Options, fingerprint string) error {
	return s.ledger.Create(ctx, jobs.Job{ID: s.job, Options: opt, Fingerprint: fingerprint, Created: s.created, Enqueuer: jobs.Enqueuer{Name: s.process}})
}

// goOn makes the session one of a job that is there. A pipe's job is taken over when nobody else queues it:
// two pipes may differ where neither was read yet.
func (p *program) goOn(ctx context.Context, s *session, job jobs.Job) error {
	s.job, s.created, s.batch = job.ID, job.Created, job.Options.BatchSize
	if s.piped {
		if err := p.takePlace(ctx, s); err != nil {
			return err
		}
	}
	printf(p.screen, "going on with job %s\n", job.ID)
	return nil
}

// takePlace waits until the process that queued the job's rows is known to be gone, and takes its place.
func (p *program) takePlace(ctx context.Context, s *session) error {
	const look = 200 * time.Millisecond
	var before *ledger.TakenError
	for {
		err := s.ledger.Enlist(ctx, s.job, s.process, ledger.Silent)
		taken, ok := errors.AsType[*ledger.TakenError](err)
		switch {
		case !ok:
			return err
		case before == nil:
			printf(p.screen, "job %s was being queued %s ago by %s: looking whether it still is\n", s.job, roundTime(taken.Silent.Seconds()), taken.By)
		case taken.By != before.By || taken.Silent < before.Silent:
			return s.explain(taken)
		}
		before = taken
		select {
		case <-ctx.Done():
			return &exitError{exitInterrupted, fmt.Errorf("interrupted before job %s was gone on with", s.job), s.again + " goes on with it"}
		case <-time.After(look):
		}
	}
}

// readHere is read on a real Redis: it gives signs of life while it queues.
func (s *session) readHere(ctx context.Context, rows enqueue.Records, inputs func() []jobs.Input) error {
	cfg := enqueue.Config{BatchSize: s.batch, Canary: s.canary}
	patience := ledger.Anyway
	if s.piped {
		cfg.Witness, cfg.By, patience = true, s.process, ledger.Never
	}
	if s.agreed != nil {
		say := sync.OnceFunc(func() { s.agreed <- true })
		cfg.Agreed = say
		defer func() { close(s.agreed) }()
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer s.giveSigns(ctx, stop, patience)()
	err := s.ledger.Enlist(ctx, s.job, s.process, patience)
	if err == nil && s.piped {
		cfg.Past, err = s.ledger.Mark(ctx, s.job)
	}
	if err == nil {
		err = enqueue.New(s.ledger, s.queues, cfg).Add(ctx, s.job, rows)
	}
	if err == nil {
		err = s.ledger.Seal(ctx, s.job, inputs(), time.Now())
	}
	if taken := context.Cause(ctx); err != nil && errors.As(taken, new(*ledger.TakenError)) {
		err = taken
	}
	return s.explain(err)
}

// giveSigns gives signs of life until the returned function is called, which says that the process has left, and
// stops the queuing when another has taken its place.
func (s *session) giveSigns(ctx context.Context, stop context.CancelCauseFunc, patience time.Duration) (leave func()) {
	var beating sync.WaitGroup
	done := make(chan struct{})
	beating.Go(func() {
		tick := time.NewTicker(ledger.BeatInterval)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
			}
			// A Redis that does not answer is met by the queuing itself.
			if err := s.ledger.Enlist(ctx, s.job, s.process, patience); errors.As(err, new(*ledger.TakenError)) {
				stop(err)
				return
			}
		}
	})
	return func() {
		close(done)
		beating.Wait()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = s.ledger.Discharge(ctx, s.job, s.process) // or its silence will tell
		stop(nil)
	}
}

// explain says what to do about an error of queuing.
func (s *session) explain(err error) error {
	if changed, ok := errors.AsType[*enqueue.ChangedError](err); ok {
		return usage(fmt.Sprintf("job %s is that of a pipe, and %s; nothing was queued", s.job, changed),
			fmt.Sprintf("give it the same rows again; or end it by 'sunbulk cancel %s', and then start this anew; --allow-duplicates makes another job beside it", s.job))
	}
	if taken, ok := errors.AsType[*ledger.TakenError](err); ok {
		return usage(fmt.Sprintf("job %s: %s", s.job, taken), "let that one go on; --allow-duplicates makes another job beside it")
	}
	return err
}
