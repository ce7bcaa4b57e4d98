package worker

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/jobs"
)

const (
	commitInterval = 500 * time.Millisecond

	lastBackoff = time.Minute
	longWait    = 2 * time.Minute // a batch that must wait longer goes back to asynq
)

// errStale says that another delivery of the batch has taken over.
var errStale = errors.New("another delivery has the batch")

// run is one delivery of a batch: passes over its rows until every one has its outcome.
type run struct {
	*server
	batch    jobs.Batch
	delivery ledger.Delivery
	rec      *recorder
	tries    []try // by row
}

func newRun(s *server, b jobs.Batch) *run {
	return &run{server: s, batch: b}
}

// work makes passes until the batch is finished. It returns nil when asynq may forget the task.
func (r *run) work(ctx context.Context) error {
	// A row in a pass is one that a crash leaves in doubt: the batch is opened only when it can go on.
	places := min(int64(len(r.batch.Rows)), int64(r.cfg.Concurrency)*rowsPerCall)
	if err := r.rows.Acquire(r.soft, places); err != nil {
		return &handBack{0, context.Cause(r.soft)}
	}
	opened, err := r.open(ctx)
	if err != nil || !opened {
		r.rows.Release(places)
		return err
	}
	for pass := 0; ; pass++ {
		err := r.pass(ctx)
		r.rows.Release(places)
		switch {
		case errors.Is(err, errStale):
			return nil
		case err != nil:
			return err
		case r.rec.progress.Finished():
			return nil
		case r.soft.Err() != nil:
			return &handBack{0, context.Cause(r.soft)}
		}
		if err := r.wait(ctx, pass); err != nil {
			return err
		}
		if err := r.rows.Acquire(r.soft, places); err != nil {
			return &handBack{0, context.Cause(r.soft)}
		}
	}
}

// open takes the batch over; false means that there is nothing to do.
func (r *run) open(ctx context.Context) (bool, error) {
	d, err := r.cfg.Deliveries.Open(ctx, r.job.ID, r.batch.Number, r.cfg.Name, time.Now())
	if err != nil {
		return false, err
	}
	switch d.Verdict {
	case ledger.Opened:
	case ledger.AlreadyDone:
		return false, nil
	case ledger.OnHold, ledger.CalledOff:
		return false, &handBack{retryDelay, stateError{jobs.State(d.Verdict)}}
	default:
		return false, &handBack{time.Minute, fmt.Errorf("job %s: %w", r.job.ID, ledger.ErrNoJob)}
	}
	if d.Progress == nil {
		d.Progress = jobs.NewProgress(len(r.batch.Rows))
	}
	if len(d.Progress) != len(r.batch.Rows) {
		return false, &handBack{time.Minute, fmt.Errorf("batch %d has %d rows, the ledger knows of %d", r.batch.Number, len(r.batch.Rows), len(d.Progress))}
	}
	r.delivery = d
	r.rec = newRecorder(r.cfg.Deliveries, d)
	r.tries = make([]try, len(r.batch.Rows))
	for i := range r.tries {
		r.tries[i] = try{server: r.server, rec: r.rec, row: &r.batch.Rows[i], since: d.Since, attempts: d.Progress.Attempts(i), doubt: d.Progress.InDoubt(i)}
		if d.Dirty && r.tries[i].row.Op == jobs.Create && !d.Progress.Done(i) {
			r.tries[i].doubt = true
		}
	}
	return true, nil
}

// wait holds the batch between two passes, while others use the calls in flight.
func (r *run) wait(ctx context.Context, pass int) error {
	delay := r.backoff(pass)
	if delay > longWait {
		return &handBack{delay, errors.New("a long wait that the API asked for")}
	}
	if delay == 0 {
		return nil
	}
	t := time.NewTimer(delay)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return &handBack{0, ctx.Err()}
	case <-r.soft.Done():
		return &handBack{0, context.Cause(r.soft)}
	case <-t.C:
		return nil
	}
}

// backoff is how long the undone rows must wait: full jitter, or what the API asked; nothing when
// they only wait for the pace. A row in doubt waits at least the first backoff: an answer that was
// lost does not say that the API has ended its work.
func (r *run) backoff(pass int) time.Duration {
	var delay time.Duration
	for i := range r.tries {
		t := &r.tries[i]
		if r.rec.progress.Done(i) || t.ruling.move != again {
			continue
		}
		if delay == 0 {
			delay = 1 + rand.N(min(lastBackoff, r.cfg.Backoff<<min(pass, 10)))
		}
		if t.doubt {
			delay = max(delay, r.cfg.Backoff)
		}
		if t.last != nil {
			delay = max(delay, t.last.RetryAfter)
		}
	}
	return delay
}
