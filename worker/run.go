package worker

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/jobs"
)

const (
	commitInterval = 500 * time.Millisecond

	lastBackoff = time.Minute
	longWait    = 2 * time.Minute  // a batch that must wait longer goes back to asynq
	pendingWait = 15 * time.Second // the same for one that only waits for pending clients
)

// errStale says that another delivery of the batch has taken over, or has finished it.
var errStale = errors.New("another delivery has the batch")

// errLost says that Redis has lost what it had confirmed of the batch: what was called must be looked for (I10).
var errLost = errors.New("redis has lost writes of the batch")

// run is one delivery of a batch: passes over its rows until every one has its outcome.
type run struct {
	*server
	batch    jobs.Batch
	soft     context.Context // ends when no new call of the batch may start; shadows the job's
	stop     context.CancelCauseFunc
	delivery ledger.Delivery
	rec      *recorder
	tries    []try                       // by row
	found    memo[person, conversations] // conversations of users that this delivery has looked up
	since    time.Time                   // it was opened
	again    bool                        // an earlier delivery has committed, and may have told calls
	epoch    int64                       // of the server's hold on its batches, when ours was last confirmed
	fresh    bool                        // no call of the batch was made by any delivery
}

func newRun(s *server, b jobs.Batch) *run {
	r := &run{server: s, batch: b}
	r.soft, r.stop = context.WithCancelCause(s.soft)
	return r
}

// work makes passes until the batch is finished. It returns nil when asynq may forget the task.
// Calls and commits go on when asynq's lease is lost, which ends soft: the fence tells whether the
// batch is still ours.
func (r *run) work(ctx context.Context) error {
	defer r.stop(nil)
	places := min(int64(len(r.batch.Rows)), r.places)
	ready := r.rows.TryAcquire(places)
	if !ready && r.cfg.Alone {
		if ready = r.rows.Acquire(r.soft, places) == nil; !ready {
			return &handBack{0, context.Cause(r.soft)}
		}
	}
	opened, err := r.open(ctx, ready)
	if !opened {
		if ready {
			r.rows.Release(places)
		}
		return err
	}
	for {
		if !ready {
			if r.rows.Acquire(r.soft, places) != nil {
				return r.release(ctx)
			}
			if err = r.arm(ctx); err != nil {
				r.rows.Release(places)
				return r.ended(ctx, err)
			}
		}
		err := r.pass(ctx)
		r.rows.Release(places)
		ready = false
		if err != nil || r.rec.progress.Finished() {
			return r.ended(ctx, err)
		}
		if !r.wait() {
			return r.release(ctx)
		}
	}
}

// open takes the batch over; false means that there is nothing to do. calling says that the first
// pass follows at once.
func (r *run) open(ctx context.Context, calling bool) (bool, error) {
	r.epoch = r.hold.epoch()
	deliveries := remembered{observed{r.cfg.Deliveries, r.cfg.Observer, r.job.Options.App}, r.memory}
	d, err := r.opened(ctx, deliveries, calling)
	if err != nil {
		return false, err
	}
	switch d.Verdict {
	case ledger.Opened:
	case ledger.AlreadyDone:
		return false, nil
	case ledger.Busy:
		return false, &handBack{ledger.Patience, errors.New("another worker has the batch")}
	case ledger.Held:
		return false, &handBack{retryDelay, errors.New("the batch is behind the canary")}
	case ledger.OnHold, ledger.CalledOff:
		return false, &handBack{retryDelay, stateError{jobs.State(d.Verdict)}}
	default:
		return false, &handBack{time.Minute, fmt.Errorf("job %s: %w", r.job.ID, ledger.ErrNoJob)}
	}
	r.again = d.Progress != nil
	r.fresh = d.Progress == nil && !d.Dirty && !calling
	if d.Progress == nil {
		d.Progress = jobs.NewProgress(len(r.batch.Rows))
	}
	if len(d.Progress) != len(r.batch.Rows) {
		return false, &handBack{time.Minute, fmt.Errorf("batch %d has %d rows, the ledger knows of %d", r.batch.Number, len(r.batch.Rows), len(d.Progress))}
	}
	r.delivery, r.since = d, time.Now()
	r.rec = newRecorder(deliveries, d)
	r.tries = make([]try, len(r.batch.Rows))
	for i := range r.tries {
		row := &r.batch.Rows[i]
		// An earlier delivery that ended without a word may have sent any row that it need not announce.
		silent := d.Dirty && !d.Progress.Done(i) && (d.Lost || !announces(row))
		doubt := row.Op.Looks() && (d.Progress.InDoubt(i) || silent)
		unsure := doubt && looksFirst(row.Op) && !d.Progress.InDoubt(i)
		r.tries[i] = try{run: r, index: i, row: row, resolved: !row.NamesIntegration(), attempts: d.Progress.Attempts(i), doubt: doubt, unsure: unsure}
		if doubt { // the last moment at which it can have been sent
			r.tries[i].quiet = time.Now().Add(r.job.Options.Timeout)
		}
		r.rec.doubt(i, doubt && !unsure)
	}
	return true, nil
}

// opened opens the batch, once it is settled what Redis has lost.
func (r *run) opened(ctx context.Context, deliveries Deliveries, calling bool) (ledger.Delivery, error) {
	const look = 500 * time.Millisecond
	for {
		d, err := deliveries.Open(ctx, r.job.ID, r.batch.Number, ledger.Claim{Worker: r.cfg.Name, Calling: calling}, time.Now())
		r.kept(ctx, err)
		if err != nil || d.Verdict != ledger.Unsettled {
			return d, err
		}
		r.owe(d.Generation)
		select {
		case <-r.soft.Done():
			return d, &handBack{0, context.Cause(r.soft)}
		case <-time.After(look):
		}
	}
}

// arm tells the ledger, before the first call of a pass, that calls are under way. It waits for
// the right to call, and gives up when soft ends.
func (r *run) arm(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(r.soft, cancel)()
	epoch, err := r.hold.wait(ctx)
	if err != nil {
		return err
	}
	if err := r.commit(ctx, ledger.Commit{Dirty: true}); err != nil {
		return err
	}
	if r.fresh {
		r.fresh, r.delivery.Since = false, time.Now()
	}
	r.epoch = epoch
	return nil
}

// ended ends the delivery after an error, or with the batch finished.
func (r *run) ended(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, errLost), errors.Is(context.Cause(r.soft), errLost):
		return errLost
	case err == nil, errors.Is(err, errStale):
		return nil
	case r.soft.Err() != nil:
		return r.release(ctx)
	}
	return err
}

// release gives the batch back, for any worker to open at once.
func (r *run) release(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastCommit)
	defer cancel()
	receipt, err := r.rec.commit(ctx, ledger.Commit{Release: true})
	if receipt.Lost {
		return errLost
	}
	if err != nil {
		r.log.Warn("could not release batch; it is taken over when this worker is gone", "batch", r.batch.Number, "error", err)
	}
	if back, ok := errors.AsType[*handBack](context.Cause(r.soft)); ok {
		return back
	}
	return &handBack{0, context.Cause(r.soft)}
}

// wait holds the batch between two passes, while others use the calls in flight. It returns false
// when the batch must be given back.
func (r *run) wait() bool {
	delay, pending := r.backoff()
	if delay > longWait || pending && delay > pendingWait {
		r.stop(&handBack{delay, errors.New("the rows must wait for long")})
		return false
	}
	t := time.NewTimer(delay)
	defer t.Stop()
	select {
	case <-r.soft.Done():
		return false
	case <-t.C:
		return true
	}
}

// backoff is how long the undone rows must wait: full jitter, or what the API asked; nothing when
// they only wait for the pace. Rows in doubt wait at least the first backoff. Those that cannot be
// looked for yet, or whose client is pending, hold nobody up; pending says that the batch waits for
// pending clients alone.
func (r *run) backoff() (delay time.Duration, pending bool) {
	delay = -1
	early, pause := time.Duration(math.MaxInt64), time.Duration(0)
	attempts := 0 // or looks, of the row that has used most of those that failed
	for _, chain := range r.chains() {
		t := &r.tries[chain[0]] // the user's others wait for it
		if quiet := time.Until(t.quiet); quiet > 0 && (t.doubt || t.ruling.move == later) {
			if t.doubt {
				early = min(early, quiet)
			} else {
				pause = max(pause, quiet) // they are asked for together, none before its time
			}
			continue
		}
		delay = max(delay, 0)
		waits := t.ruling.move == throttled && t.streak.throttledAlone()
		if t.ruling.move != again && t.ruling.move != suspect && !waits {
			continue
		}
		attempts = max(attempts, t.attempts, t.looks, 1)
		if waits {
			attempts = max(attempts, 1+t.streak.doublings())
		}
		if t.doubt {
			delay = max(delay, r.cfg.Backoff)
		}
		if t.last != nil {
			delay = max(delay, t.last.RetryAfter)
		}
	}
	switch {
	case delay < 0 && pause > 0 && pause < early:
		return pause + rand.N(pause/8+1), true
	case delay < 0:
		return max(early, r.cfg.Backoff), false
	case attempts > 0:
		delay = max(delay, rand.N(min(lastBackoff, r.cfg.Backoff<<min(attempts-1, 10))))
	}
	return delay, false
}
