package service_test

import (
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/jobs"
)

// TestWorks: a batch is stuck while its worker sends no heartbeat; jobs that have ended, and those of other apps, are not there; and a batch
// that is deleted from asynq is in no queue.
func TestWorks(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	done := b.submit(b.lists("done.csv", 3))
	b.work(done.ID)
	job := b.submit(b.lists("users.csv", 25))
	order := b.lists("other.csv", 4)
	order.Options.App = "other"
	other := b.submit(order)
	codec, err := jobs.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	l := ledger.New(b.Redis(), codec)
	if _, err := l.Open(t.Context(), job.ID, 0, ledger.Claim{Worker: "host-7-XYZ"}, time.Now()); err != nil {
		t.Fatal(err)
	}
	works := func(apps ...string) service.Works {
		t.Helper()
		w, err := b.As(service.Actor{Name: "ann", Role: service.Viewer, Apps: apps}).Works(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	w := works(app)
	if len(w.Queues) != 1 || w.Queues[0].Job != job.ID || w.Queues[0].Stuck != 1 || w.Queues[0].Sizes.Pending != 3 || len(w.Workers) != 0 || len(w.Paces) != 1 {
		t.Fatalf("got %+v", w)
	}
	if h := w.Queues[0].Held; len(h) != 1 || h[0].Batch != 0 || !h[0].Gone || h[0].Host != "host" || h[0].PID != 7 {
		t.Errorf("got %+v", h)
	}
	for _, of := range []string{job.ID, other.ID} {
		if _, err := l.Beat(t.Context(), of, "host-7-XYZ", ledger.Pulse{InFlight: 2, Doing: ledger.Calling}); err != nil {
			t.Fatal(err)
		}
	}
	if w = works(app); w.Queues[0].Stuck != 0 || len(w.Workers) != 1 || w.Workers[0].InFlight != 2 || len(w.Workers[0].Jobs) != 1 {
		t.Errorf("its worker lives: got %+v", w)
	}
	if w = works(); len(w.Queues) != 2 || len(w.Workers) != 1 || w.Workers[0].InFlight != 4 || len(w.Workers[0].Jobs) != 2 || len(w.Paces) != 2 {
		t.Errorf("of all apps: got %+v", w)
	}
	if w = works("none"); len(w.Queues)+len(w.Workers)+len(w.Paces) != 0 {
		t.Errorf("of an app without jobs: got %+v", w)
	}
	if err := b.Redis().Del(t.Context(), "asynq:{"+job.ID+"}:t:"+job.ID+":2").Err(); err != nil {
		t.Fatal(err)
	}
	if w = works(app); w.Queues[0].Lost != 1 {
		t.Errorf("a batch was deleted: got %+v", w.Queues)
	}
	if _, err := b.As(service.Actor{Name: "ann"}).Works(t.Context()); err == nil {
		t.Error("somebody without a role sees the workers")
	}
}
