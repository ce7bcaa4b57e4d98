package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"strings"
	"time"

	"github.com/google/pprof/profile"
	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/enqueue"
	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/queue"
	"github.com/sunbulk/sunbulk/internal/report"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
	"github.com/sunbulk/sunbulk/worker"
)

// parts measures the CPU time per row of each part of the way, by a profile of all of it in one
// process of its own.
func (b *bench) parts() error {
	return b.again(func(w *world) error {
		name, err := w.input(csvFormat(), b.calls)
		if err != nil {
			return err
		}
		kept := b.profile
		if kept == "" {
			kept = filepath.Join(w.Dir, "cpu.pprof")
		}
		u, err := finish(w.role("profile", w.Redis, w.API, name, kept))
		if err != nil {
			return err
		}
		var spent map[string]time.Duration
		if err := json.Unmarshal([]byte(u.out), &spent); err != nil {
			return fmt.Errorf("read parts: %w", err)
		}
		for _, part := range slices.Sorted(maps.Keys(spent)) {
			b.table.figure("CPU per row by part: "+part, "µs").add(float64(spent[part].Nanoseconds()) / 1000 / float64(b.calls))
		}
		return nil
	})
}

// profileParts queues, works and reports a file with sunbulk's own packages, and prints the CPU
// time of each part as JSON. The profile is kept in the file named.
func profileParts(server, api, name, kept string) error {
	file, err := os.Create(kept)
	if err != nil {
		return err
	}
	defer file.Close()
	out, err := os.MkdirTemp(filepath.Dir(name), "profiled-") // each run has a report of its own
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return err
	}
	err = wholeWay(server, api, name, out)
	pprof.StopCPUProfile()
	if err != nil {
		return err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	p, err := profile.Parse(file)
	if err != nil {
		return fmt.Errorf("read profile: %w", err)
	}
	return json.NewEncoder(os.Stdout).Encode(spent(p))
}

// wholeWay does what enqueue, worker and report do, one after the other.
func wholeWay(server, api, name, out string) error {
	ctx := context.Background()
	rdb := redis.NewClient(&redis.Options{Addr: server})
	defer rdb.Close()
	codec, err := jobs.NewCodec()
	if err != nil {
		return err
	}
	files, err := input.Find(ctx, []string{name})
	if err != nil {
		return err
	}
	rows, err := input.Open(ctx, files, input.Config{Op: string(jobs.Create)})
	if err != nil {
		return err
	}
	defer rows.Close()
	l := ledger.New(rdb, codec)
	job := jobs.Job{ID: jobs.NewID(time.Now()), Created: time.Now(), Options: jobs.Options{App: "app", Attempts: 5, Timeout: 30 * time.Second, BatchSize: 100}}
	if err := l.Create(ctx, job); err != nil {
		return err
	}
	if err := enqueue.New(l, queue.New(rdb, codec), enqueue.Config{}).Add(ctx, job.ID, func(yield func(jobs.Row, *jobs.Rejection) bool) {
		for r := range rows.Records() {
			if !yield(r.Row, r.Rejection) {
				return
			}
		}
	}); err != nil {
		return err
	}
	if err := l.Seal(ctx, job.ID, rows.Inputs(), time.Now()); err != nil {
		return err
	}
	client, err := sunco.New("app", sunco.Config{BaseURL: "http://" + api, Auth: sunco.Token("any")})
	if err != nil {
		return err
	}
	w := worker.New(rdb, codec, worker.Config{Name: "bench", APIs: map[string]*sunco.API{"app": client}, Concurrency: concurrency,
		Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))})
	if err := w.Serve(ctx, job.ID); err != nil {
		return err
	}
	if job, err = l.Job(ctx, job.ID); err != nil {
		return err
	}
	to, err := report.Open(out, job.ID)
	if err != nil {
		return err
	}
	defer to.Close()
	_, err = report.Write(ctx, to, job, finished{l, job.ID}, report.Own{})
	return err
}

// finished is the source of a report of a job that has ended.
type finished struct {
	ledger *ledger.Ledger
	job    string
}

func (f finished) Chunks(ctx context.Context) iter.Seq2[jobs.Chunk, error] {
	return f.ledger.Chunks(ctx, f.job)
}

func (f finished) Attempts(ctx context.Context) iter.Seq2[jobs.Attempt, error] {
	return f.ledger.Attempts(ctx, f.job)
}

func (finished) Rows(context.Context) iter.Seq2[jobs.Row, error] {
	return func(func(jobs.Row, error) bool) {}
}

// partOf names the part that a function is of: the first prefix that it has. Where none fits, its
// caller is asked.
func partOf(function string) string {
	const module = "github.com/sunbulk/sunbulk/"
	for _, p := range []struct{ prefix, part string }{
		{module + "internal/input.", "input"},
		{module + "jobs.(*Codec).Encode", "encode"},
		{module + "jobs.(*Codec).DecodeBatch", "deliver"},
		{module + "internal/queue.", "queue"},
		{module + "enqueue.", "queue"},
		{module + "sunco.", "call"},
		{"net/http.", "call"},
		{module + "worker.(*recorder).commit", "commit"},
		{module + "internal/pace.", "pace"},
		{"github.com/hibiken/asynq.", "deliver"},
		{module + "worker.", "worker"},
		{module + "internal/report.", "report"},
		{"runtime.gcBgMarkWorker", "garbage collection"},
		{"runtime.mcall", "scheduler"},
		{"runtime.mstart", "scheduler"},
	} {
		if strings.HasPrefix(function, p.prefix) {
			return p.part
		}
	}
	return ""
}

// spent adds up the CPU time by part. A sample is of the innermost function that has a part.
func spent(p *profile.Profile) map[string]time.Duration {
	sum := map[string]time.Duration{}
	for _, s := range p.Sample {
		part := "other"
	stack:
		for _, location := range s.Location {
			for _, line := range location.Line {
				if found := partOf(line.Function.Name); found != "" {
					part = found
					break stack
				}
			}
		}
		sum[part] += time.Duration(s.Value[1])
	}
	return sum
}
