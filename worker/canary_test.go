package worker_test

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/enqueue"
	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
)

// canaryOptions are those of a job with a canary of 20 rows in two batches.
func canaryOptions() jobs.Options {
	opt := options()
	opt.MaxFailures = jobs.Threshold{Percent: 20}
	opt.Canary = jobs.Canary{Rows: 20}
	return opt
}

// enqueue queues the rows behind a canary of theirs and seals the job.
func (b *bench) enqueue(opt jobs.Options, rows ...jobs.Row) {
	b.t.Helper()
	records := func(yield func(jobs.Row, *jobs.Rejection) bool) {
		for i, r := range rows {
			if r.Number = int64(i) + 1; !yield(r, nil) {
				return
			}
		}
	}
	cfg := enqueue.Config{BatchSize: opt.BatchSize, Canary: enqueue.Pick(records, opt.Canary.Rows)}
	if err := enqueue.New(b.ledger, b.queues, cfg).Add(b.t.Context(), b.job, records); err != nil {
		b.t.Fatal(err)
	}
	if err := b.ledger.Seal(b.t.Context(), b.job, nil, time.Now()); err != nil {
		b.t.Fatal(err)
	}
}

func TestCanaryPassesAndTheRestFollows(t *testing.T) {
	t.Parallel()
	opt := canaryOptions()
	opt.Canary.Wait = time.Second
	b := newRedisBench(t, suncotest.New(suncotest.Config{}), opt)
	b.enqueue(opt, creates(200)...)
	ended := make(chan struct{})
	go func() { b.serve(); close(ended) }()
	for b.state().CanaryFinished.IsZero() {
		time.Sleep(20 * time.Millisecond)
	}
	if got := b.state(); got.Tally.OK != 20 {
		t.Errorf("rows that are done at the end of the canary: got %d, want 20", got.Tally.OK)
	}
	<-ended
	if got := b.state(); got.State != jobs.Finished || got.Tally.OK != 200 || got.Stats.Calls != 200 {
		t.Errorf("got %s with %+v after %d calls, want finished with 200 ok after 200", got.State, got.Tally, got.Stats.Calls)
	}
	b.outcomes()
	if left, err := b.queues.Left(t.Context(), b.job); err != nil || left {
		t.Errorf("I5: something is left of the queues: %t, %v", left, err)
	}
}

// Too many failures: the job is paused, nothing behind the canary was called, and resuming it goes on.
func TestCanaryFailsAndNothingElseIsCalled(t *testing.T) {
	t.Parallel()
	opt := canaryOptions()
	calls := atomic.Int64{}
	b := newRedisBench(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		fault(http.StatusNotFound, "user_not_found")(w, r)
	}), opt)
	b.enqueue(opt, creates(100)...)
	b.serve()
	got := b.state()
	if want := "canary: 20 of 20 rows failed, most with user_not_found"; got.State != jobs.Paused || got.Reason != want {
		t.Errorf("got %s: %q, want paused: %q", got.State, got.Reason, want)
	}
	if calls.Load() != 20 || !got.CanaryFailed() || !got.InCanary() {
		t.Errorf("got %d calls, want 20 and a failed canary: %+v", calls.Load(), got)
	}
	if d, err := b.ledger.Open(t.Context(), b.job, 5, ledger.Claim{Worker: "w"}, time.Now()); err != nil || d.Verdict != ledger.OnHold {
		t.Errorf("open a batch behind it: got %s, %v", d.Verdict, err)
	}
	if err := b.queues.Resume(b.job); err != nil {
		t.Fatal(err)
	}
	if err := b.ledger.Resume(t.Context(), b.job, "ann@host", ""); err != nil {
		t.Fatal(err)
	}
	b.serve()
	if got := b.state(); got.State != jobs.Finished || got.Tally.Failed != 100 {
		t.Errorf("after resume: got %s: %q with %+v, want finished with 100 failed", got.State, got.Reason, got.Tally)
	}
}

// An operator's pause during the canary, whatever its reason says, does not let the other rows go.
func TestResumeWithinTheCanaryHoldsTheRest(t *testing.T) {
	t.Parallel()
	opt := canaryOptions()
	b := newRedisBench(t, suncotest.New(suncotest.Config{}), opt)
	b.enqueue(opt, creates(100)...)
	if err := b.ledger.Pause(t.Context(), b.job, "ann@host", jobs.PauseByHand, "canary: let me look"); err != nil {
		t.Fatal(err)
	}
	if err := b.ledger.Resume(t.Context(), b.job, "ann@host", ""); err != nil {
		t.Fatal(err)
	}
	for batch, want := range map[int64]ledger.Verdict{1: ledger.Opened, 2: ledger.Held, 9: ledger.Held} {
		d, err := b.ledger.Open(t.Context(), b.job, batch, ledger.Claim{Worker: "w"}, time.Now())
		if err != nil || d.Verdict != want {
			t.Errorf("batch %d: got %s, %v; want %s", batch, d.Verdict, err, want)
		}
	}
}

// A worker dies with the canary in its hands: another takes it over, and no row is called twice.
func TestI9CanaryOfASilentWorker(t *testing.T) {
	t.Parallel()
	opt := canaryOptions()
	sim := suncotest.New(suncotest.Config{})
	b := newRedisBench(t, sim, opt)
	b.enqueue(opt, creates(100)...)
	if _, err := b.ledger.Open(t.Context(), b.job, 1, ledger.Claim{Worker: "dead"}, time.Now()); err != nil {
		t.Fatal(err)
	}
	// asynq would deliver the dead worker's task in a minute or two.
	name := "asynq:{" + b.job + "-canary}:"
	id := fmt.Sprintf("%s:%d", b.job, 1)
	if n, err := b.rdb.LRem(t.Context(), name+"pending", 1, id).Result(); err != nil || n != 1 {
		t.Fatalf("take the task: %d, %v", n, err)
	}
	if err := b.rdb.LPush(t.Context(), name+"active", id).Err(); err != nil {
		t.Fatal(err)
	}
	if err := b.rdb.ZAdd(t.Context(), name+"lease", zscore(time.Now().Add(time.Minute), id)).Err(); err != nil {
		t.Fatal(err)
	}
	b.serve()
	if got := b.state(); got.State != jobs.Finished || got.Tally.OK != 100 {
		t.Errorf("got %s with %+v, want finished with 100 ok", got.State, got.Tally)
	}
	if s := sim.Stats(); s.Created != 100 || s.Duplicates != 0 {
		t.Errorf("got %d clients, %d of them twice, want 100 and none", s.Created, s.Duplicates)
	}
}

// The whole job may be smaller than its canary.
func TestCanaryOfAllRows(t *testing.T) {
	t.Parallel()
	opt := canaryOptions()
	b := newBench(t, fault(http.StatusNotFound, "user_not_found"), opt)
	b.enqueue(opt, creates(15)...)
	b.serve()
	if got := b.state(); got.State != jobs.Finished || got.Tally.Failed != 15 {
		t.Errorf("got %s: %q with %+v, want finished with 15 failed", got.State, got.Reason, got.Tally)
	}
}
