package service_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/redistest"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
	"github.com/sunbulk/sunbulk/worker"
)

// app is that of all jobs of the tests.
const app = "5e4af71a81966cfff3ef6550"

// bench is a Service on a real Redis, and a simulated API.
type bench struct {
	*testing.T
	*service.Service
	dir string
}

func newBench(t *testing.T) *bench {
	t.Helper()
	s, _, err := service.Open(t.Context(), redistest.Start(t).URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return &bench{t, s, t.TempDir()}
}

// file makes a file of rows, the first line of which is a header.
func (b *bench) file(name string, lines ...string) *input.Files {
	b.Helper()
	path := filepath.Join(b.dir, name)
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		b.Fatal(err)
	}
	files, err := input.Find(b.Context(), []string{path})
	if err != nil {
		b.Fatal(err)
	}
	return files
}

// lists is an order of n lists.
func (b *bench) lists(name string, n int, more ...string) service.Order {
	b.Helper()
	lines := []string{"user"}
	for i := range n {
		lines = append(lines, fmt.Sprintf("user-%d", i+1))
	}
	opt := jobs.Defaults()
	opt.App, opt.BatchSize, opt.Rate = app, 10, 0
	return service.Order{Files: b.file(name, append(lines, more...)...), Read: input.Spec{Op: "list"}, Options: opt}
}

func (b *bench) submit(o service.Order) jobs.Job {
	b.Helper()
	job, err := b.Submit(b.Context(), o)
	if err != nil {
		b.Fatal(err)
	}
	return job
}

// work makes the calls of a job, until it ends or stands. Users whose ids begin with unknown are not there.
func (b *bench) work(id string) jobs.Job {
	b.Helper()
	sim := suncotest.New(suncotest.Config{})
	server := httptest.NewServer(sim)
	defer server.Close()
	defer sim.Close()
	api, err := sunco.New(app, sunco.Config{BaseURL: server.URL, Auth: sunco.Token("any")})
	if err != nil {
		b.Fatal(err)
	}
	w := b.Worker(worker.Config{Name: "test-1-ABCDEF", APIs: map[string]*sunco.API{app: api}, Concurrency: 8, Logger: slog.New(slog.DiscardHandler)})
	if err := w.Serve(b.Context(), id); err != nil {
		b.Fatal(err)
	}
	job, err := b.Job(b.Context(), id)
	if err != nil {
		b.Fatal(err)
	}
	return job
}

// by is who asks in the tests.
func by(reason string) service.By { return service.By{Who: "ann@test", Reason: reason} }

// interrupted submits an order, and ends that when the first row is read.
func (b *bench) interrupted(o service.Order) error {
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	o.Agreed = cancel
	_, err := b.Submit(ctx, o)
	return err
}
