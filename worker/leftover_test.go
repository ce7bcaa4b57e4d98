package worker_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
)

// After a job nothing is left in Redis but what the ledger keeps, and asynq's archive stays empty (I5).
func TestI5NothingIsLeftInTheQueue(t *testing.T) {
	t.Parallel()
	b := newRedisBench(t, suncotest.New(suncotest.Config{Knobs: suncotest.Knobs{Share503: 0.3}}), options())
	b.queue(10, creates(50)...)
	if _, err := b.ledger.Beat(t.Context(), b.job, "killed", ledger.Pulse{}); err != nil {
		t.Fatal(err)
	}
	b.serve()
	b.onlyTheRecord("attempts", "finished", "outcomes")
}

// Of a job whose last worker was killed after the last commit, the next worker drops the queue (I5).
func TestI5QueueOfAKilledWorkerIsDropped(t *testing.T) {
	t.Parallel()
	b := newRedisBench(t, http.NotFoundHandler(), options())
	b.queue(1, creates(1)...)
	ctx := t.Context()
	if _, err := b.ledger.Beat(ctx, b.job, "killed", ledger.Pulse{}); err != nil {
		t.Fatal(err)
	}
	d, err := b.ledger.Open(ctx, b.job, 0, ledger.Claim{Worker: "killed"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	done := jobs.NewProgress(1)
	done.Finish(0)
	if _, err := b.ledger.Commit(ctx, d, ledger.Commit{Sequence: 1, Progress: done, Outcomes: []jobs.Outcome{{Row: jobs.Row{Number: 1}, Kind: jobs.OK}}, Tally: jobs.Tally{OK: 1}}, time.Now()); err != nil {
		t.Fatal(err)
	}
	w := b.worker()
	ended := make(chan error)
	go func() { ended <- w.Run(ctx) }()
	for left := true; left && ctx.Err() == nil; {
		if left, err = b.queues.Left(ctx, b.job); err != nil {
			t.Fatal(err)
		}
	}
	w.Drain()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	b.onlyTheRecord("finished", "outcomes")
}

// A worker that drains may make the last commit of a job: it drops the queue as well (I5).
func TestI5QueueOfAJobThatEndsWithTheWorker(t *testing.T) {
	t.Parallel()
	sim := suncotest.New(suncotest.Config{})
	called := make(chan struct{}, 1)
	b := newRedisBench(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		called <- struct{}{}
		time.Sleep(100 * time.Millisecond) // so that the drain comes first
		sim.ServeHTTP(w, r)
	}), options())
	b.queue(1, creates(1)...)
	w := b.worker()
	go func() {
		<-called
		w.Drain()
	}()
	if err := w.Serve(t.Context(), b.job); err != nil {
		t.Fatal(err)
	}
	if job := b.state(); job.State != jobs.Finished {
		t.Fatalf("the job is %s, want finished", job.State)
	}
	b.onlyTheRecord("finished", "outcomes")
}

// onlyTheRecord checks that Redis holds what the ledger keeps of an ended job, and no more.
func (b *bench) onlyTheRecord(parts ...string) {
	b.t.Helper()
	keys, err := b.rdb.Keys(b.t.Context(), "*").Result()
	if err != nil {
		b.t.Fatal(err)
	}
	got := map[string]bool{}
	for _, k := range keys {
		got[strings.ReplaceAll(k, b.job, "JOB")] = true
	}
	want := map[string]bool{"sunbulk:jobs": true, "sunbulk:{JOB}": true}
	for _, part := range parts {
		want["sunbulk:{JOB}:"+part] = true
	}
	notOfAJob := []string{"asynq:servers", "asynq:workers", "sunbulk:pace:{app}"}
	maps.DeleteFunc(got, func(k string, _ bool) bool { return slices.Contains(notOfAJob, k) })
	if diff := cmp.Diff(want, got); diff != "" {
		b.t.Errorf("keys in Redis (-want +got):\n%s", diff)
	}
}
