package schedule

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/internal/redistest"
	"github.com/sunbulk/sunbulk/internal/runbook"
	"github.com/sunbulk/sunbulk/jobs"
)

// runs is a Starter whose runs are where a test says.
type runs struct {
	mu     sync.Mutex
	made   map[string]Run // by id
	refuse error          // of Start
	begun  chan string    // gets the id of a Start, which then goes on by release; nil = none waits
	gone   chan struct{}
	cancel []string // runs that were cancelled, whatever came of it
}

func newRuns() *runs { return &runs{made: map[string]Run{}} }

func (f *runs) Start(ctx context.Context, id string, _ *runbook.Runbook, _ map[string]string) error {
	if f.begun != nil {
		f.begun <- id
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-f.gone:
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refuse != nil {
		return f.refuse
	}
	if _, ok := f.made[id]; !ok {
		f.made[id] = Run{State: "running"}
	}
	return nil
}

func (f *runs) State(_ context.Context, id string) (Run, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.made[id], nil
}

func (f *runs) Cancel(_ context.Context, id, _, _ string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cancel = append(f.cancel, id)
	return nil
}

func (f *runs) set(id string, r Run) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.made[id] = r
}

// rig is a server whose looks a test makes, at the times that it says.
type rig struct {
	*Server
	t    testing.TB
	rdb  *redis.Client
	runs *runs
	at   time.Time
	told []Entry
	deaf error // of Tell
}

const app = "demo"

func newRig(t testing.TB, rdb *redis.Client, f *runs) *rig {
	r := &rig{t: t, rdb: rdb, runs: f}
	r.Server = New(rdb, Config{Starter: f, Apps: []string{app}, Tell: func(_ context.Context, _ *Schedule, e Entry) error {
		if r.deaf == nil {
			r.told = append(r.told, e)
		}
		return r.deaf
	}})
	r.now = func(context.Context) (time.Time, error) { return r.at, nil }
	return r
}

func steps() []runbook.Step { return []runbook.Step{{Name: "find", Op: jobs.List}} }

// look makes one look at a time after the start of the test.
func (r *rig) look(at time.Time) {
	r.t.Helper()
	r.at = at
	var serving sync.WaitGroup
	if err := r.Server.look(r.t.Context(), &serving); err != nil {
		r.t.Fatal(err)
	}
	serving.Wait()
}

// apply makes the schedule of a runbook that runs each hour, and returns its first slot.
func (r *rig) apply(change func(*runbook.Schedule)) time.Time {
	r.t.Helper()
	s := &runbook.Schedule{Cron: "0 * * * *"}
	if change != nil {
		change(s)
	}
	if _, err := r.store.Apply(r.t.Context(), &runbook.Runbook{Name: "nightly", App: app, Steps: steps(), Schedule: s}, nil, "ann"); err != nil {
		r.t.Fatal(err)
	}
	d, err := r.store.Get(r.t.Context(), "nightly")
	if err != nil {
		r.t.Fatal(err)
	}
	return d.Last.UTC().Truncate(time.Hour).Add(time.Hour)
}

// line is an entry without its times.
type line struct {
	What   What
	Slots  int64
	Run    string
	Who    string
	Reason string
	State  string
	Rows   *jobs.Tally
}

func lines(entries []Entry) []line {
	var all []line
	for _, e := range entries {
		all = append(all, line{e.What, e.Slots, e.Run, e.Who, e.Reason, e.State, e.Rows})
	}
	return all
}

// history is that of the schedule, the newest first, without its times.
func (r *rig) history() []line {
	r.t.Helper()
	entries, err := r.store.History(r.t.Context(), "nightly", 0)
	if err != nil {
		r.t.Fatal(err)
	}
	return lines(entries)
}

func runOf(slot time.Time) string { return jobs.DeriveID(slot, "nightly"+millis(slot)) }

func start(t testing.TB) *rig { return newRig(t, redistest.Start(t).Client(t), newRuns()) }

var errDown = errors.New("storage does not answer")
