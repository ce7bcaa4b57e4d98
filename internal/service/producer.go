package service

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/sunbulk/sunbulk/enqueue"
	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/jobs"
)

// producer is a process that queues the rows of a job.
type producer struct {
	*Service
	name   string // by which producers of a job are distinguished
	piped  bool   // its input can be read only once: no other process may queue beside it
	canary []jobs.Row
	agreed func()

	mending *enqueue.Mending // nil = the job has lost no outcomes
}

func (s *Service) producer(o Order, piped bool, canary []jobs.Row) *producer {
	return &producer{Service: s, name: ProcessName() + "-" + rand.Text()[:6], piped: piped, canary: canary, agreed: o.Agreed}
}

// ProcessName names this process, such as box-1234.
func ProcessName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s-%d", host, os.Getpid())
}

// takeOver waits until the process that queued the job's rows is known to be gone, and takes its place.
func (p *producer) takeOver(ctx context.Context, job string, note func(string)) error {
	const look = 200 * time.Millisecond
	var before *ledger.TakenError
	for {
		err := p.ledger.AcquireProducer(ctx, job, p.name, ledger.TakeOverSilent)
		taken, ok := errors.AsType[*ledger.TakenError](err)
		switch {
		case !ok:
			return err
		case before == nil:
			note(fmt.Sprintf("job %s was being queued %s ago by %s: looking whether it still is", job, (taken.Silent + time.Second).Truncate(time.Second), taken.By))
		case taken.By != before.By || taken.Silent < before.Silent:
			return taken
		}
		before = taken
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(look):
		}
	}
}

// queue queues all rows of a job that are not queued yet, and seals it. It sends heartbeats meanwhile.
func (p *producer) queue(ctx context.Context, job jobs.Job, rows enqueue.Records, inputs func() []jobs.Input) error {
	cfg := enqueue.Config{BatchSize: job.Options.BatchSize, Canary: p.canary, Agreed: p.agreed, Mending: p.mending}
	patience := ledger.TakeOver
	if p.piped {
		cfg.Witness, cfg.By, patience = true, p.name, ledger.NeverTakeOver
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer p.heartbeat(ctx, stop, job.ID, patience)()
	err := p.ledger.AcquireProducer(ctx, job.ID, p.name, patience)
	if err == nil && p.piped {
		cfg.Past, err = p.ledger.Checkpoint(ctx, job.ID)
	}
	if err == nil {
		err = enqueue.New(p.ledger, p.queues, cfg).Add(ctx, job.ID, rows)
	}
	if err == nil {
		err = p.ledger.Seal(ctx, job.ID, inputs(), time.Now())
	}
	if taken := context.Cause(ctx); err != nil && errors.As(taken, new(*ledger.TakenError)) {
		err = taken
	}
	return err
}

// verify looks whether a job that was queued to its end is there, with a task for each of its batches: ledger.ErrWentBack when not. What
// is lost later is lost by Redis.
func (p *producer) verify(ctx context.Context, id string) error {
	job, err := p.ledger.Job(ctx, id)
	switch {
	case errors.Is(err, ledger.ErrNoJob):
		return fmt.Errorf("look for the job: %w", ledger.ErrWentBack)
	case err != nil:
		return err
	case !job.Sealed:
		return fmt.Errorf("look for the end: %w", ledger.ErrWentBack)
	}
	for range 2 { // a batch that is finished meanwhile seems lost, once
		lost, err := p.lostBatches(ctx, job)
		if err != nil || lost == 0 {
			return err
		}
	}
	return fmt.Errorf("look for tasks: %w", ledger.ErrWentBack)
}

// heartbeat tells others that the process is there until the returned function is called, which says that it has left. It stops
// the queuing when another has taken its place.
func (p *producer) heartbeat(ctx context.Context, stop context.CancelCauseFunc, job string, patience time.Duration) (leave func()) {
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
			if err := p.ledger.AcquireProducer(ctx, job, p.name, patience); errors.As(err, new(*ledger.TakenError)) {
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
		_ = p.ledger.ReleaseProducer(ctx, job, p.name) // or its silence will tell
		stop(nil)
	}
}
