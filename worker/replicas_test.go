package worker_test

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/internal/redistest"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
	"github.com/sunbulk/sunbulk/worker"
)

// I10: nobody is messaged of whom no replica knows. A replica that is stopped, for some seconds, lets such creates wait, and no others.
func TestI2I10APersonIsMessagedWhenReplicasKnow(t *testing.T) {
	t.Parallel()
	master := redistest.Start(t)
	_, port, err := net.SplitHostPort(master.Addr)
	if err != nil {
		t.Fatal(err)
	}
	replica := redistest.Start(t, "--replicaof", "127.0.0.1", port, "--repl-diskless-sync-delay", "0")
	at := replica.Client(t)
	until(t, "the replica follows", func() bool {
		info, err := at.Info(t.Context(), "replication").Result()
		return err == nil && strings.Contains(info, "master_link_status:up")
	})

	sim := suncotest.New(suncotest.Config{})
	var b *bench
	var messages, unknown atomic.Int64
	b = newBenchOn(t, master.Client(t), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && strings.Contains(r.URL.Path, "/users/person-") {
			messages.Add(1)
			entry, err := at.HGet(t.Context(), "sunbulk:{"+b.job+"}:open", "0").Result()
			f := strings.SplitN(entry, ":", 6)
			row := int(r.URL.Path[strings.Index(r.URL.Path, "person-")+len("person-")] - '0')
			if err != nil || !jobs.Progress(f[len(f)-1]).InDoubt(row) {
				unknown.Add(1)
			}
		}
		sim.ServeHTTP(w, r)
	}), options())
	t.Cleanup(sim.Close)
	rows := creates(8)
	for i := range rows[:4] {
		rows[i].User, rows[i].Confirmation = "person-"+string(rune('0'+i)), sunco.ConfirmPrompt
	}
	b.queue(8, rows...)

	replica.Stop(t)
	var log warnings
	w := worker.New(b.rdb, b.codec, worker.Config{Name: "test", APIs: map[string]*sunco.API{app: b.api}, Replicas: 1, Logger: slog.New(&log)})
	served := make(chan error, 1)
	go func() { served <- w.Serve(t.Context(), b.job) }()
	until(t, "the others are done and the worker says what it waits for", func() bool {
		return b.state().Tally.OK == 4 && log.count.Load() > 0
	})
	if n := messages.Load(); n != 0 {
		t.Errorf("%d people were messaged of whom no replica knows", n)
	}
	replica.Continue(t)
	if err := <-served; err != nil {
		t.Fatal(err)
	}
	if job, stats := b.state(), sim.Stats(); job.Tally.OK != 8 || stats.Created != 8 || messages.Load() != 4 || unknown.Load() != 0 {
		t.Errorf("got %+v, %d created, %d messages, %d of them unknown to the replica; want 8 ok, each created once", job.Tally, stats.Created, messages.Load(), unknown.Load())
	}
	if n := log.count.Load(); n != 1 {
		t.Errorf("got %d warnings, want one", n)
	}
}

func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited a minute until %s", what)
		}
	}
}

// warnings counts those that say that people wait.
type warnings struct{ count atomic.Int64 }

func (w *warnings) Enabled(context.Context, slog.Level) bool { return true }
func (w *warnings) WithAttrs([]slog.Attr) slog.Handler       { return w }
func (w *warnings) WithGroup(string) slog.Handler            { return w }
func (w *warnings) Handle(_ context.Context, r slog.Record) error {
	if strings.Contains(r.Message, "creates that message people wait") {
		w.count.Add(1)
	}
	return nil
}
