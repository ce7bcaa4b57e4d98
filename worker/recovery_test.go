package worker_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/pace"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
	"github.com/sunbulk/sunbulk/worker"
)

func TestI1I2ManyRowsAgainstAnUnreliableAPI(t *testing.T) {
	t.Parallel()
	const n = 2000
	sim, b := newUnreliableBench(t)
	b.queue(100, creates(n)...)
	b.serve()
	job, stats := b.state(), sim.Stats()
	if job.Tally.OK != n || job.State != jobs.Finished {
		t.Errorf("got %s, %+v; want %d ok", job.State, job.Tally, n)
	}
	if stats.Created != n || stats.Duplicates != 0 {
		t.Errorf("simulator: %d created, %d duplicates; want %d and none", stats.Created, stats.Duplicates, n)
	}
	if got := len(b.outcomes()); got != n {
		t.Errorf("outcomes: got %d, want %d", got, n)
	}
}

// Rows of one user go one after the other in file order.
func TestRowsOfOneUserGoInOrder(t *testing.T) {
	t.Parallel()
	var last, broken atomic.Int64
	api := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var n int64
		fmt.Sscanf(r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:], "c%d", &n)
		if n%7 == 3 && last.Swap(n) != n { // fails once: the rows behind must wait for it
			w.WriteHeader(503)
			return
		}
		if before := last.Swap(n); before > n {
			broken.Add(1)
		}
		fmt.Fprint(w, "{}")
	})
	b := newBench(t, api, options())
	rows := make([]jobs.Row, 50)
	for i := range rows {
		rows[i] = jobs.Row{Op: jobs.Remove, User: "one", ClientID: fmt.Sprintf("c%d", i+1)}
	}
	b.queue(50, rows...)
	b.serve()
	if got := b.state().Tally.OK; got != 50 || broken.Load() > 0 {
		t.Errorf("got %d ok, %d out of order; want 50 and none", got, broken.Load())
	}
}

// A worker that is cut off leaves creates in doubt; the next one looks for them.
func TestI2HardStopInTheMiddle(t *testing.T) {
	t.Parallel()
	const n = 500
	sim := suncotest.New(suncotest.Config{Knobs: suncotest.Knobs{LatencyMin: time.Millisecond, LatencyMax: 30 * time.Millisecond}})
	b := newRedisBench(t, sim, options())
	b.queue(50, creates(n)...)
	for i := 0; b.state().State != jobs.Finished; i++ {
		ctx, cancel := context.WithTimeout(t.Context(), 60*time.Millisecond<<min(i, 8))
		b.worker().Serve(ctx, b.job) // its error is that it was stopped
		cancel()
	}
	stats := sim.Stats()
	if job := b.state(); job.Tally.OK != n || stats.Duplicates != 0 || stats.Created != n {
		t.Errorf("got %+v, %d created, %d duplicates; want %d ok, each created once", job.Tally, stats.Created, stats.Duplicates, n)
	}
	b.outcomes()
}

func TestDrainLetsCallsEnd(t *testing.T) {
	t.Parallel()
	const n = 300
	sim := suncotest.New(suncotest.Config{Knobs: suncotest.Knobs{LatencyMin: 20 * time.Millisecond, LatencyMax: 20 * time.Millisecond}})
	var sent atomic.Int64
	var w *worker.Worker
	b := newRedisBench(t, http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if sent.Add(1) == 20 {
			w.Drain()
		}
		sim.ServeHTTP(out, r)
	}), options())
	b.queue(50, creates(n)...)
	w = b.worker()
	if err := w.Serve(t.Context(), b.job); err != nil {
		t.Fatal(err)
	}
	job, stats := b.state(), sim.Stats()
	if job.Tally.OK != stats.Created || job.Tally.OK == 0 || job.Tally.OK == n {
		t.Fatalf("after the drain: %d ok, %d created; want the same, more than none and fewer than %d", job.Tally.OK, stats.Created, n)
	}
	b.serve()
	if job, stats := b.state(), sim.Stats(); job.Tally.OK != n || stats.Calls["list"] != 0 {
		t.Errorf("after the next worker: %d ok, %d looks; want %d and none, for nothing was in doubt", job.Tally.OK, stats.Calls["list"], n)
	}
}

// An API that is down for a while costs no row an attempt: the circuit breaker waits for it (I8), and
// those who ask for the pace hear of it.
func TestI8AnOutageCostsNoAttempt(t *testing.T) {
	t.Parallel()
	const n = 300
	sim := suncotest.New(suncotest.Config{Knobs: suncotest.Knobs{AppStatus: 503}})
	opt := options()
	opt.Attempts = 1
	b := newBench(t, sim, opt)
	b.queue(100, creates(n)...)
	told := func() string {
		s, err := pace.Read(t.Context(), b.rdb, app)
		if err != nil {
			t.Error(err)
		}
		return s.Reason
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		b.serve()
	}()
	for !strings.Contains(told(), "does not answer") {
		time.Sleep(10 * time.Millisecond)
	}
	sim.SetKnobs(suncotest.Knobs{})
	<-served
	if job := b.state(); job.Tally.OK != n || strings.Contains(told(), "does not answer") {
		t.Errorf("got %+v and the reason %q, want %d ok and no outage", job.Tally, told(), n)
	}
	for _, o := range b.outcomes() {
		if o.Attempts != 1 {
			t.Errorf("row %d used %d attempts, want 1", o.Row.Number, o.Attempts)
		}
	}
}

func TestMaxFailuresPausesAndResumeGoesOn(t *testing.T) {
	t.Parallel()
	sim := suncotest.New(suncotest.Config{})
	opt := options()
	opt.MaxFailures = jobs.Threshold{Count: 5}
	b := newBench(t, sim, opt)
	rows := creates(4000) // more than may be in a pass
	for i := range 30 {
		rows[i].User = fmt.Sprintf("unknown-%d", i)
	}
	b.queue(10, rows...)
	for resumed := 0; ; resumed++ {
		b.serve()
		job := b.state()
		if job.State == jobs.Finished {
			if job.Tally.Failed != 30 || job.Tally.OK != 3970 || resumed == 0 {
				t.Errorf("got %+v after %d pauses, want 30 failed, 3970 ok, some pauses", job.Tally, resumed)
			}
			return
		}
		if !strings.Contains(job.Reason, "the limit is 5") {
			t.Fatalf("reason: got %q", job.Reason)
		}
		b.queues.Resume(b.job)
		if err := b.ledger.Resume(t.Context(), b.job, "", ""); err != nil {
			t.Fatal(err)
		}
	}
}

// Batches of a worker that sends no heartbeat are at work again long before asynq's lease is over.
func TestI9BatchesOfASilentWorker(t *testing.T) {
	t.Parallel()
	sim := suncotest.New(suncotest.Config{})
	b := newRedisBench(t, sim, options())
	rows := creates(20)
	b.queue(10, rows...)
	// The dead worker took both batches from asynq, opened one and sent its first row.
	takeAll(t, b)
	ctx := t.Context()
	if _, err := b.ledger.Beat(ctx, b.job, "dead", ledger.Pulse{}); err != nil {
		t.Fatal(err)
	}
	for batch, calling := range []bool{true, false} {
		if _, err := b.ledger.Open(ctx, b.job, int64(batch), ledger.Claim{Worker: "dead", Calling: calling}, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	send(t, b, rows[0])
	b.serve()
	stats := sim.Stats()
	if job := b.state(); job.Tally.OK != 20 || stats.Created != 20 || stats.Duplicates != 0 {
		t.Errorf("got %+v, %d created, %d duplicates; want 20 ok, each created once", job.Tally, stats.Created, stats.Duplicates)
	}
	if got := b.outcomes()[1].Detail; got != "adopted" {
		t.Errorf("detail of the row that was sent: got %q, want adopted", got)
	}
}

// takeAll moves every task to asynq's active list, as a worker does that dies at once.
func takeAll(t *testing.T, b *bench) {
	t.Helper()
	ctx, prefix := t.Context(), "asynq:{"+b.job+"}:"
	for {
		id, err := b.rdb.LMove(ctx, prefix+"pending", prefix+"active", "RIGHT", "LEFT").Result()
		if err != nil {
			return // none is left
		}
		pipe := b.rdb.Pipeline()
		pipe.HSet(ctx, prefix+"t:"+id, "state", "active")
		pipe.ZAdd(ctx, prefix+"lease", zscore(time.Now().Add(30*time.Second), id))
		if _, err := pipe.Exec(ctx); err != nil {
			t.Fatal(err)
		}
	}
}

// Two workers at the same time share a job, and every row is called once.
func TestI3TwoWorkers(t *testing.T) {
	t.Parallel()
	const n = 1000
	sim := suncotest.New(suncotest.Config{Knobs: suncotest.Knobs{LatencyMax: 5 * time.Millisecond}})
	b := newRedisBench(t, sim, options())
	b.queue(20, creates(n)...)
	errs := make(chan error, 2)
	for range 2 {
		w := worker.New(b.rdb, b.codec, worker.Config{Name: "w", APIs: map[string]*sunco.API{app: b.api}, Concurrency: 8})
		go func() { errs <- w.Serve(t.Context(), b.job) }()
	}
	for range 2 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if stats := sim.Stats(); b.state().Tally.OK != n || stats.Created != n || stats.MaxInFlight > 16 {
		t.Errorf("got %d ok, %d created, %d at once; want %d, %d, at most 16", b.state().Tally.OK, stats.Created, stats.MaxInFlight, n, n)
	}
	b.outcomes()
}

func TestI4RateIsKept(t *testing.T) {
	t.Parallel()
	sim := suncotest.New(suncotest.Config{})
	opt := options()
	opt.Rate, opt.Burst = 100, 10
	b := newBench(t, sim, opt)
	b.queue(50, creates(300)...)
	b.serve()
	// Calls that left in time may arrive a little closer together.
	if got, most := sim.Stats().MaxPerSecond, 112; got > most {
		t.Errorf("calls in a second: got %d, want at most %d", got, most)
	}
}

// A queue that is paused by asynq's own tools rests, and goes on when they let it.
func TestAQueueThatIsPausedInAsynqRests(t *testing.T) {
	t.Parallel()
	sim := suncotest.New(suncotest.Config{})
	b := newRedisBench(t, sim, options())
	b.queue(10, creates(20)...)
	if err := b.queues.Pause(b.job); err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		b.serve()
	}()
	time.Sleep(time.Second)
	if stats := sim.Stats(); stats.Created != 0 {
		t.Errorf("%d clients were made while the queue was paused", stats.Created)
	}
	if err := b.queues.Resume(b.job); err != nil {
		t.Fatal(err)
	}
	<-served
	if job := b.state(); job.Tally.OK != 20 {
		t.Errorf("got %+v, want 20 ok", job.Tally)
	}
}
