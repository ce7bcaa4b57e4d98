package worker_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/internal/redistest"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
	"github.com/sunbulk/sunbulk/worker"
)

// past returns what takes the Redis back, at one moment, to what it holds now.
func (b *bench) past() (goBack func()) {
	b.t.Helper()
	ctx := b.t.Context()
	const dump = "local kept = {} for _, k in ipairs(redis.call('KEYS', '*')) do kept[#kept + 1] = k; kept[#kept + 1] = redis.call('DUMP', k) end return kept"
	kept, err := b.rdb.Eval(ctx, dump, nil).StringSlice()
	if err != nil {
		b.t.Fatal(err)
	}
	return func() {
		_, err := b.rdb.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.FlushAll(ctx)
			for pair := range slices.Chunk(kept, 2) {
				p.Restore(ctx, pair[0], 0, pair[1])
			}
			return nil
		})
		if err != nil {
			b.t.Error(err)
		}
	}
}

// Outcomes that Redis has confirmed and lost are of creates that are at the API: they are looked for, and none is sent twice.
func TestI2I10RedisGoesBackWithinABatch(t *testing.T) {
	t.Parallel()
	for name, from := range map[string]int64{"to before it was opened": 0, "to its first call": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			goesBackWithinABatch(t, from)
		})
	}
}

// goesBackWithinABatch lets Redis go back at the 30th create of a batch, when some outcomes are committed, to a create before.
func goesBackWithinABatch(t *testing.T, to int64) {
	const n = 40
	sim := suncotest.New(suncotest.Config{Knobs: suncotest.Knobs{LatencyMin: 200 * time.Millisecond, LatencyMax: 200 * time.Millisecond}})
	var sent atomic.Int64
	var b *bench
	var goBack func()
	b = newRedisBench(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/clients") {
			switch sent.Add(1) {
			case to:
				goBack = b.past()
			case 30:
				goBack()
			}
		}
		sim.ServeHTTP(w, r)
	}), options())
	b.queue(n, creates(n)...)
	if to == 0 {
		goBack = b.past()
	}
	w := worker.New(b.rdb, b.codec, worker.Config{Name: "test", APIs: map[string]*sunco.API{app: b.api}, Concurrency: 8})
	if err := w.Serve(t.Context(), b.job); err != nil {
		t.Fatal(err)
	}
	all := b.outcomes()
	if job, stats := b.state(), sim.Stats(); job.State != jobs.Finished || job.Tally.OK != n || stats.Created != n || stats.Duplicates != 0 || len(all) != n {
		t.Errorf("got %s, %+v, %d outcomes, %d created, %d duplicates; want %d ok, each created once",
			job.State, job.Tally, len(all), stats.Created, stats.Duplicates, n)
	}
}

// lose leaves batch 0 as a worker does that was refused because Redis has lost writes.
func (b *bench) lose() {
	b.t.Helper()
	entry := "3:2:" + "1795000000000" + ":0::"
	if err := b.rdb.HSet(b.t.Context(), "sunbulk:{"+b.job+"}:open", "0", entry).Err(); err != nil {
		b.t.Fatal(err)
	}
}

// What was announced may be lost, too: a create that messages a person is looked for, and not sent when it is not there.
func TestI2I10MessagingRowsOfALostBatch(t *testing.T) {
	t.Parallel()
	sim := suncotest.New(suncotest.Config{})
	b := newRedisBench(t, sim, options())
	rows := creates(4)
	for i := range rows {
		rows[i].Confirmation = sunco.ConfirmPrompt
	}
	b.queue(4, rows...)
	b.lose()
	send(t, b, rows[2])
	b.serve()
	all := b.outcomes()
	if got := all[3]; got.Kind != jobs.OK || got.Detail != "adopted" {
		t.Errorf("row that was sent: got %s %q, want ok, adopted", got.Kind, got.Detail)
	}
	if got := all[1]; got.Kind != jobs.InDoubt || got.ErrorCode != "not_sent_again" {
		t.Errorf("row that may have been sent: got %s %s, want in_doubt, not_sent_again", got.Kind, got.ErrorCode)
	}
	if stats := sim.Stats(); stats.Created != 1 {
		t.Errorf("got %d created, want none but the one that was sent before", stats.Created)
	}
}

// An ensure may have been sent, or its user may have had a client all along: a client that is there is not taken for the job's own, which undo would
// remove, and no second one is made.
func TestI2I10EnsuresOfALostBatch(t *testing.T) {
	t.Parallel()
	sim := suncotest.New(suncotest.Config{})
	b := newRedisBench(t, sim, options())
	rows := ensures(4)
	send(t, b, rows[1])
	b.queue(4, rows...)
	b.lose()
	b.serve()
	all := b.outcomes()
	if got := all[2]; got.Kind != jobs.Noop || got.Detail != "already there" {
		t.Errorf("user who has a client: got %s %q, want noop, already there", got.Kind, got.Detail)
	}
	if job, stats := b.state(), sim.Stats(); job.Tally.OK != 3 || stats.Created != 4 || stats.Duplicates != 0 {
		t.Errorf("got %+v, %d created, %d duplicates; want 3 ok, one client for each user", job.Tally, stats.Created, stats.Duplicates)
	}
}

// lateBeats is a hook of a client whose heartbeats fail until a time.
type lateBeats struct {
	redis.Hook
	until atomic.Int64 // ns since 1970
}

func (l *lateBeats) DialHook(next redis.DialHook) redis.DialHook { return next }

func (l *lateBeats) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (l *lateBeats) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		args := cmd.Args()
		if beats := len(args) > 4 && strings.HasSuffix(fmt.Sprint(args[3]), ":alive"); beats && time.Now().UnixNano() < l.until.Load() {
			err := errors.New("it is late")
			cmd.SetErr(err)
			return err
		}
		return next(ctx, cmd)
	}
}

// Batches that were opened and finished within the lost time are known to nobody but the workers: their creates are at the API, and none is sent twice.
func TestI2I10BatchesFinishedWithinTheLostTime(t *testing.T) {
	t.Parallel()
	finishedWithinTheLostTime(t, 0)
}

// The same where no heartbeat comes for a while, but batches are asked for: a worker may not report that it lacks nothing before it has compared.
func TestI2I10LateHeartbeatsReportNothing(t *testing.T) {
	t.Parallel()
	finishedWithinTheLostTime(t, 5*time.Second)
}

func finishedWithinTheLostTime(t *testing.T, late time.Duration) {
	t.Helper()
	const n = 600
	sim := suncotest.New(suncotest.Config{Knobs: suncotest.Knobs{LatencyMin: 20 * time.Millisecond, LatencyMax: 30 * time.Millisecond}})
	server := redistest.Start(t)
	var sent atomic.Int64
	copied, lost := make(chan bool, 1), make(chan bool, 1)
	b := newBenchOn(t, server.Client(t), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/clients") {
			switch sent.Add(1) {
			case n / 6:
				copied <- true
			case n * 2 / 3:
				lost <- true
			}
		}
		sim.ServeHTTP(w, r)
	}), options())
	beats := &lateBeats{}
	b.rdb.AddHook(beats)
	b.queue(10, creates(n)...)
	done := make(chan error, 2)
	for i := range 2 {
		w := worker.New(b.rdb, b.codec, worker.Config{Name: "test", APIs: map[string]*sunco.API{app: b.api}, Concurrency: 8 - 5*i})
		go func() { done <- w.Serve(t.Context(), b.job) }()
	}
	<-copied
	before := server.Copy(t)
	<-lost
	server.Kill()
	server.PutBack(t, before)
	beats.until.Store(time.Now().Add(late).UnixNano())
	server.Restart(t)
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	all := b.outcomes()
	job, stats := b.state(), sim.Stats()
	if job.State != jobs.Finished || job.Tally.OK != n || stats.Created != n || stats.Duplicates != 0 || len(all) != n {
		t.Errorf("got %s, %+v, %d outcomes, %d created, %d duplicates; want %d ok, each created once",
			job.State, job.Tally, len(all), stats.Created, stats.Duplicates, n)
	}
	if len(job.Rollbacks) != 1 || job.Rollbacks[0].Writes == 0 || job.Rollbacks[0].Silent != 0 {
		t.Errorf("rollbacks: got %+v, want one with writes lost", job.Rollbacks)
	}
}

// A job whose end is lost is served again by the workers that left it.
func TestI9I10TheEndOfAJobIsLost(t *testing.T) {
	t.Parallel()
	const n = 40
	sim := suncotest.New(suncotest.Config{Knobs: suncotest.Knobs{LatencyMin: 20 * time.Millisecond, LatencyMax: 20 * time.Millisecond}})
	var sent atomic.Int64
	var b *bench
	var goBack func()
	b = newRedisBench(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/clients") && sent.Add(1) == n/2 {
			goBack = b.past()
		}
		sim.ServeHTTP(w, r)
	}), options())
	b.queue(10, creates(n)...)
	w := worker.New(b.rdb, b.codec, worker.Config{Name: "test", APIs: map[string]*sunco.API{app: b.api}, Concurrency: 2})
	done := make(chan error, 1)
	go func() { done <- w.Run(t.Context()) }()
	b.untilFinished()
	goBack()
	b.untilFinished()
	w.Drain()
	if err := <-done; err != nil {
		t.Error(err)
	}
	job, stats := b.state(), sim.Stats()
	if job.Tally.OK != n || stats.Created != n || stats.Duplicates != 0 || len(b.outcomes()) != n || len(job.Rollbacks) != 1 {
		t.Errorf("got %+v, %d created, %d duplicates, %v; want %d ok, each created once, and one rollback", job.Tally, stats.Created, stats.Duplicates, job.Rollbacks, n)
	}
}

func (b *bench) untilFinished() {
	b.t.Helper()
	for end := time.Now().Add(time.Minute); b.state().State != jobs.Finished; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			b.t.Fatal("the job does not finish")
		}
	}
}
