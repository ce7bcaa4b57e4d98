package service_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
)

// lines is a log that may be read while it is written.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// serve lets a worker run until the test ends, or it is stopped.
func (b *bench) serve(log *lines) (stop func()) {
	b.Helper()
	sim := suncotest.New(suncotest.Config{})
	server := httptest.NewServer(sim)
	b.Cleanup(func() { server.Close(); sim.Close() })
	api, err := sunco.New(app, sunco.Config{BaseURL: server.URL, Auth: sunco.Token("any")})
	if err != nil {
		b.Fatal(err)
	}
	// Its own connections, as another process has.
	other, err := service.New(redis.NewClient(b.Redis().(*redis.Client).Options()))
	if err != nil {
		b.Fatal(err)
	}
	drain, end := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() {
		_ = other.Serve(context.Background(), drain, service.ServeConfig{APIs: map[string]*sunco.API{app: api}, Concurrency: 4, Logger: slog.New(slog.NewTextHandler(log, nil))})
	})
	stop = sync.OnceFunc(func() { end(); serving.Wait(); other.Close() })
	b.Cleanup(stop)
	return stop
}

// await waits until something holds.
func (b *bench) await(what string, holds func() bool) {
	b.Helper()
	for end := time.Now().Add(time.Minute); !holds(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			b.Fatalf("waited a minute until %s", what)
		}
	}
}

// A worker that starts while Redis refuses writes says so now and then, asks now and then, and goes on by itself.
func TestWorkerBearsARedisThatRefuses(t *testing.T) {
	for name, c := range map[string]struct{ spoil, mend [3]string }{
		"OOM":        {[3]string{"CONFIG", "maxmemory", "1"}, [3]string{"CONFIG", "maxmemory", "0"}},
		"NOREPLICAS": {[3]string{"CONFIG", "min-replicas-to-write", "1"}, [3]string{"CONFIG", "min-replicas-to-write", "0"}},
		"READONLY":   {[3]string{"REPLICAOF", "127.0.0.1", "1"}, [3]string{"REPLICAOF", "NO", "ONE"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			rdb := b.Redis()
			do := func(c [3]string) {
				t.Helper()
				args := []any{c[0], c[1], c[2]}
				if c[0] == "CONFIG" {
					args = []any{"CONFIG", "SET", c[1], c[2]}
				}
				if err := rdb.Do(t.Context(), args...).Err(); err != nil {
					t.Fatal(err)
				}
			}
			first, second := b.submit(b.lists("a.csv", 3)), b.submit(b.lists("b.csv", 4))
			do(c.spoil)
			var log lines
			began := time.Now()
			b.serve(&log)
			refused := func() int {
				stats, err := rdb.Info(t.Context(), "errorstats").Result()
				if err != nil {
					t.Fatal(err)
				}
				_, rest, _ := strings.Cut(stats, "errorstat_"+name+":count=")
				n := 0
				for _, digit := range rest {
					if digit < '0' || digit > '9' {
						break
					}
					n = 10*n + int(digit-'0')
				}
				return n
			}
			lines := func() int {
				return strings.Count(log.String(), "level=WARN") + strings.Count(log.String(), "level=ERROR")
			}
			b.await("it was refused often, and says so", func() bool { return refused() >= 6 && lines() > 0 })
			took, said := time.Since(began), lines()
			if said > 1+int(took/time.Second) {
				t.Errorf("%d lines in %v:\n%s", said, took, log.String())
			}
			if n := refused(); n > 40*(1+int(took/time.Second)) {
				t.Errorf("asked %d times in %v", n, took)
			}
			do(c.mend)
			for _, job := range []jobs.Job{first, second} {
				b.await("job "+job.ID+" is finished", func() bool {
					j, err := b.Job(t.Context(), job.ID)
					return err == nil && j.State == jobs.Finished && j.Tally.OK == j.Tally.Read
				})
			}
		})
	}
}

// A worker whose jobs are all gone leaves each with one message, and takes new ones.
func TestWorkerLeavesJobsThatAreGone(t *testing.T) {
	b := newBench(t)
	o := b.lists("a.csv", 500)
	o.Options.Rate = 5
	job := b.submit(o)
	var log lines
	stop := b.serve(&log)
	b.await("it is served", func() bool { j, err := b.Job(t.Context(), job.ID); return err == nil && j.Tally.OK > 0 })
	if err := b.Redis().FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	b.await("it is left", func() bool { return strings.Contains(log.String(), "left job") })
	next := b.submit(b.lists("b.csv", 3))
	b.await("another is finished", func() bool { j, err := b.Job(t.Context(), next.ID); return err == nil && j.State == jobs.Finished })
	stop()
	// Beside it each batch that was under way says that it is refused.
	if n := strings.Count(log.String(), "level=WARN") + strings.Count(log.String(), "level=ERROR"); n > 1+2*4 || strings.Count(log.String(), "leaving job") != 1 {
		t.Errorf("got %d lines, want one that says that the job is left:\n%s", n, log.String())
	}
}
