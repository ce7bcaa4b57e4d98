package worker

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/sunbulk/sunbulk/internal/pace"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
)

// places are the calls in flight of a process.
type places struct {
	*semaphore.Weighted
	most  int64
	taken atomic.Int64
}

func newPlaces(most int) *places {
	return &places{Weighted: semaphore.NewWeighted(int64(most)), most: int64(most)}
}

func (p *places) take(ctx context.Context) error {
	err := p.Acquire(ctx, 1)
	if err == nil {
		p.taken.Add(1)
	}
	return err
}

func (p *places) free() {
	p.taken.Add(-1)
	p.Release(1)
}

// lane is one job's way to the calls of an app: its rows wait in it for their turn.
type lane struct {
	*app
	pace    *pace.Lane
	gate    chan struct{} // holds one token: the right to wait for the pace
	waiting atomic.Int64
	first   atomic.Int64 // calls that go before those that wait
	log     *slog.Logger
}

func newLane(a *app, job jobs.Job, log *slog.Logger) *lane {
	return &lane{app: a, pace: a.pace.Lane(job.ID, terms(job.Options)), gate: make(chan struct{}, 1), log: log}
}

// terms are what a job wants of the pace.
func terms(o jobs.Options) pace.Terms {
	return pace.Terms{Rate: o.Rate, Reserve: o.Reserve, Burst: o.Burst, Weight: o.Priority.Weight()}
}

// enter blocks until one call may be made: the breaker lets it, the pace has one, and a place in
// flight is free. leave must be called with what became of it, and how long it took.
func (l *lane) enter(ctx context.Context) (leave func(*sunco.Error, time.Duration), err error) {
	const look = 10 * time.Millisecond
	l.waiting.Add(1)
	defer l.waiting.Add(-1)
	for {
		if err := l.takeGate(ctx); err != nil {
			return nil, err
		}
		if l.first.Load() == 0 {
			defer l.openGate()
			return l.admit(ctx)
		}
		l.openGate()
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(look):
		}
	}
}

// enterFirst is enter for a call that goes before those that wait, and lets none of them begin before leave.
func (l *lane) enterFirst(ctx context.Context) (leave func(*sunco.Error, time.Duration), err error) {
	l.first.Add(1)
	if err := l.takeGate(ctx); err != nil {
		l.first.Add(-1)
		return nil, err
	}
	done := func() { l.first.Add(-1); l.openGate() }
	over, err := l.admit(ctx)
	if err != nil {
		done()
		return nil, err
	}
	return func(e *sunco.Error, took time.Duration) { over(e, took); done() }, nil
}

func (l *lane) takeGate(ctx context.Context) error {
	select {
	case l.gate <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l *lane) openGate() { <-l.gate }

// admit waits for breaker, pace and place. Only the holder of the gate calls it.
func (l *lane) admit(ctx context.Context) (leave func(*sunco.Error, time.Duration), err error) {
	report, err := l.allowed(ctx)
	if err != nil {
		return nil, err
	}
	if err := l.start(ctx); err != nil {
		report(context.Canceled)
		return nil, err
	}
	return func(e *sunco.Error, took time.Duration) {
		l.calls.free()
		l.learn(ctx, e, took)
		report(outage(e))
		l.heard(ctx, e, l.log)
	}, nil
}

// start takes a place when the pace is ready, not before: calls of another app that has its pace
// ready must not wait behind this one. Only the holder of the gate takes from the lane.
func (l *lane) start(ctx context.Context) error {
	for {
		need := min(l.waiting.Load(), l.calls.most-l.calls.taken.Load())
		if err := l.pace.Ready(ctx, int(need)); err != nil {
			return err
		}
		if err := l.calls.take(ctx); err != nil {
			return err
		}
		if l.pace.Take() {
			return nil
		}
		l.calls.free()
	}
}

// learn tells the pace of an answer. A halt that Redis does not hear of is this process's alone.
func (l *lane) learn(ctx context.Context, e *sunco.Error, took time.Duration) {
	switch {
	case e != nil && e.Status == statusTooMany:
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if err := l.app.pace.Throttled(ctx, e.RetryAfter, took); err != nil {
			l.log.Warn("could not halt the app's other workers", "error", err)
		}
	case e == nil || e.Status != 0:
		l.app.pace.Answered(took)
	}
}
