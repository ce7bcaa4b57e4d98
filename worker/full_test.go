package worker_test

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/localredis"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
	"github.com/sunbulk/sunbulk/worker"
)

var errFull = errors.New("no space left on device")

// filling keeps nothing more once it is full.
type filling struct {
	*ledger.Ledger
	full atomic.Bool
}

func (f *filling) Commit(ctx context.Context, d ledger.Delivery, c ledger.Commit, now time.Time) (ledger.Receipt, error) {
	if f.full.Load() {
		return ledger.Receipt{}, errFull
	}
	return f.Ledger.Commit(ctx, d, c, now)
}

// inFillingBench runs a test in virtual time with a job of 1,000 rows at 50 a second and a worker whose disk is full after two seconds.
func inFillingBench(t *testing.T, alone bool, test func(t *testing.T, w *worker.Worker, serve func() error)) {
	_, _ = net.LookupHost("localhost") // the first makes what all share, which must not be the bubble's
	synctest.Test(t, func(t *testing.T) {
		opt := options()
		opt.Rate, opt.Burst, opt.Timeout = 50, 5, time.Minute
		redis, err := localredis.Start()
		if err != nil {
			t.Fatal(err)
		}
		defer redis.Close()
		calls := &clocked{handler: suncotest.New(suncotest.Config{})}
		b := newBenchFor(t, redis.Client(), sunco.Config{Transport: calls}, opt)
		b.queue(10, creates(1000)...)
		disk := &filling{Ledger: b.ledger}
		time.AfterFunc(2*time.Second, func() { disk.full.Store(true) })
		w := worker.New(b.rdb, b.codec, worker.Config{Name: "test", APIs: map[string]*sunco.API{app: b.api}, Deliveries: disk, Alone: alone})
		test(t, w, func() error { return w.Serve(t.Context(), b.job) })
		if job := b.state(); job.State != jobs.Running || job.Tally.OK == 0 || job.Tally.OK > int64(len(calls.times)) {
			t.Errorf("got the job %s with %+v after %d calls, want it running with what was kept", job.State, job.Tally, len(calls.times))
		}
	})
}

// A worker that is alone says after a while that its disk is full.
func TestFullDiskEndsAWorkerThatIsAlone(t *testing.T) {
	inFillingBench(t, true, func(t *testing.T, _ *worker.Worker, serve func() error) {
		start := time.Now()
		if err := serve(); !errors.Is(err, errFull) {
			t.Errorf("got %v, want that of the disk", err)
		}
		if took := time.Since(start); took > time.Minute { // of virtual time
			t.Errorf("got it after %s, want it within a minute", took)
		}
	})
}

// A worker that is asked to stop does not wait for a Redis or a disk that keeps nothing.
func TestFullDiskHoldsNoDrain(t *testing.T) {
	inFillingBench(t, false, func(t *testing.T, w *worker.Worker, serve func() error) {
		time.AfterFunc(time.Minute, w.Drain)
		start := time.Now()
		if err := serve(); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took < time.Minute || took > 2*time.Minute { // of virtual time
			t.Errorf("got it after %s, want it soon after a minute", took)
		}
	})
}
