package pace

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/internal/localredis"
)

// fleet is workers that make calls at one app, and what the app saw of them.
type fleet struct {
	t   testing.TB
	rdb redis.UniversalClient
	api func(at time.Time) (took, retryAfter time.Duration, throttled bool) // nil = every call succeeds at once

	mu        sync.Mutex
	calls     []time.Time // of all jobs, in order
	byJob     map[string][]time.Time
	throttled []time.Time
	window    *window // counts in place of calls, where there are too many to remember
	running   sync.WaitGroup
}

// window counts calls, and the most of them in any second.
type window struct {
	last        []time.Time
	total, most int
}

func (w *window) add(at time.Time) {
	w.total++
	first := 0
	for first < len(w.last) && at.Sub(w.last[first]) >= time.Second {
		first++
	}
	w.last = append(w.last[first:], at)
	w.most = max(w.most, len(w.last))
}

// newFleet is on a Redis in the process; with testing/synctest its clock is virtual.
func newFleet(t testing.TB) *fleet {
	r, err := localredis.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return newFleetOn(t, r.Client())
}

// warm lets calls begin at a rate that was reached before.
func (f *fleet) warm(rate float64) {
	now, err := f.rdb.Time(f.t.Context()).Result()
	if err == nil {
		err = f.rdb.HSet(f.t.Context(), key("app"), "rate", rate, "ticked", now.UnixMicro()).Err()
	}
	if err != nil {
		f.t.Fatal(err)
	}
}

func newFleetOn(t testing.TB, rdb redis.UniversalClient) *fleet {
	return &fleet{t: t, rdb: rdb, byJob: map[string][]time.Time{}}
}

// start lets a worker call for a job until ctx ends.
func (f *fleet) start(ctx context.Context, worker, job string, terms Terms, need int) {
	f.running.Go(func() { f.work(ctx, worker, job, terms, 0, need) })
}

// work is what a worker does whose clock is wrong by skew.
func (f *fleet) work(ctx context.Context, worker, job string, terms Terms, skew time.Duration, need int) {
	p := New(f.rdb, "app", worker)
	p.now = func() time.Time { return time.Now().Add(skew) }
	go p.Listen(ctx)
	lane := p.Lane(job, terms)
	for lane.Ready(ctx, need) == nil {
		if lane.Take() {
			f.call(ctx, p, job)
		}
	}
}

func (f *fleet) call(ctx context.Context, p *Pace, job string) {
	at := time.Now()
	f.mu.Lock()
	if f.window != nil {
		f.window.add(at)
	} else {
		f.calls = append(f.calls, at)
		f.byJob[job] = append(f.byJob[job], at)
	}
	var took, retryAfter time.Duration
	var throttled bool
	if f.api != nil {
		took, retryAfter, throttled = f.api(at)
	}
	if throttled {
		f.throttled = append(f.throttled, at)
	}
	f.mu.Unlock()
	sleep(ctx, took)
	if !throttled {
		p.Answered(took)
	} else if err := p.Throttled(ctx, retryAfter, took); err != nil && ctx.Err() == nil {
		f.t.Error(err)
	}
}

// run starts n workers for a job and returns when the time is over.
func (f *fleet) run(n int, job string, terms Terms, d time.Duration) {
	ctx, cancel := context.WithTimeout(f.t.Context(), d)
	defer cancel()
	for i := range n {
		f.start(ctx, fmt.Sprint("worker-", i), job, terms, 64)
	}
	<-ctx.Done()
	f.running.Wait()
}

// most returns the highest number of calls in any second.
func most(calls []time.Time) int {
	calls = slices.SortedFunc(slices.Values(calls), time.Time.Compare)
	highest := 0
	for i, from := 0, 0; i < len(calls); i++ {
		for calls[i].Sub(calls[from]) >= time.Second {
			from++
		}
		highest = max(highest, i-from+1)
	}
	return highest
}

func (f *fleet) check(limit int, least float64) {
	f.t.Helper()
	if got := most(f.calls); got > limit {
		f.t.Errorf("I4: most calls in a second: got %d, want at most %d", got, limit)
	}
	if got := len(f.calls); float64(got) < least {
		f.t.Errorf("calls: got %d, want at least %.0f", got, least)
	}
}
