package worker

import (
	"context"
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"
	"golang.org/x/sync/semaphore"

	"github.com/sunbulk/sunbulk/internal/pace"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
)

// Circuit breaker: this many failed calls in a row stop all calls of the app; then one probe at a
// time asks whether the API answers again.
const (
	breakerFailures = 20
	breakerPause    = 5 * time.Second
)

// app is one app of the API as all jobs of this process share it: its pace and its circuit breaker.
type app struct {
	api     *sunco.API
	pace    *pace.Pace
	breaker *gobreaker.TwoStepCircuitBreaker[struct{}]
	calls   *semaphore.Weighted
	gate    chan struct{} // holds one token: the right to wait for the pace

	tripped atomic.Int64 // when the breaker last opened, in nanoseconds since 1970

	mu    sync.Mutex
	rates map[string]jobs.Options // by job
}

func newApp(api *sunco.API, calls *semaphore.Weighted) *app {
	a := &app{api: api, pace: pace.New(0, 1), calls: calls, gate: make(chan struct{}, 1), rates: map[string]jobs.Options{}}
	a.breaker = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Timeout:     breakerPause,
		MaxRequests: 1,
		IsExcluded:  func(err error) bool { return errors.Is(err, context.Canceled) },
		ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= breakerFailures },
		OnStateChange: func(_ string, _, to gobreaker.State) {
			if to == gobreaker.StateOpen {
				a.tripped.Store(time.Now().UnixNano())
			}
		},
	})
	return a
}

// join makes the pace keep to a job's rate too: the lowest of all jobs that are served counts,
// because the limit is the app's.
func (a *app) join(job string, opt jobs.Options) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.rates[job] = opt
	a.adjust()
}

func (a *app) leave(job string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.rates, job)
	a.adjust()
}

func (a *app) adjust() {
	if len(a.rates) == 0 {
		return
	}
	lowest, burst := math.Inf(1), math.MaxInt
	for _, o := range a.rates {
		if o.Rate > 0 {
			lowest = min(lowest, o.Rate)
		}
		burst = min(burst, o.Burst)
	}
	if math.IsInf(lowest, 1) {
		lowest = 0
	}
	a.pace.Set(lowest, burst)
}

// trippedSince tells whether the breaker opened at or after t, or is still open: failures since
// then are the API's, not the rows'.
func (a *app) trippedSince(t time.Time) bool {
	return a.tripped.Load() >= t.UnixNano() || a.breaker.State() != gobreaker.StateClosed
}

// enter blocks until one call may be made: the breaker lets it, the pace has one, and a place in
// flight is free. leave must be called with what became of it.
func (a *app) enter(ctx context.Context) (leave func(*sunco.Error), err error) {
	select {
	case a.gate <- struct{}{}:
		defer func() { <-a.gate }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	report, err := a.allowed(ctx)
	if err != nil {
		return nil, err
	}
	// The place is taken when the pace is ready, not before: calls of another app that has its
	// pace ready must not wait behind this one. Only the holder of the gate takes from the pace.
	err = a.pace.Ready(ctx)
	if err == nil {
		err = a.calls.Acquire(ctx, 1)
	}
	if err != nil {
		report(context.Canceled)
		return nil, err
	}
	if err := a.pace.Wait(ctx); err != nil {
		a.calls.Release(1)
		report(context.Canceled)
		return nil, err
	}
	return func(e *sunco.Error) {
		a.calls.Release(1)
		a.learn(e)
		report(outage(e))
	}, nil
}

// allowed waits while the circuit breaker is open, or another call probes.
func (a *app) allowed(ctx context.Context) (report func(error), err error) {
	const look = 100 * time.Millisecond
	for {
		report, err = a.breaker.Allow()
		if err == nil {
			return report, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(look):
		}
	}
}

// learn slows the pace after a 429.
func (a *app) learn(e *sunco.Error) {
	switch {
	case e != nil && e.Status == statusTooMany:
		a.pace.Halt(e.RetryAfter)
	case e == nil || e.Status != 0:
		a.pace.Answered()
	}
}

// outage is what the circuit breaker hears of a call: an error when the API as a whole may not
// work, nil when it does, and context.Canceled when the call says nothing.
func outage(e *sunco.Error) error {
	switch {
	case e == nil:
		return nil
	case errors.Is(e, context.Canceled), errors.Is(e, sunco.ErrInvalid):
		return context.Canceled
	case e.Status == 0, e.Status >= 500:
		return e
	}
	return nil
}
