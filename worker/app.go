package worker

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/sunbulk/sunbulk/internal/pace"
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
	calls   *places
	listed  listed

	tripped atomic.Int64 // when the breaker last opened, in nanoseconds since 1970
	out     atomic.Int64 // when the outage that everybody heard of began; 0 when there is none
	cause   atomic.Value // of the outage: an error code
}

func newApp(api *sunco.API, p *pace.Pace, calls *places) *app {
	a := &app{api: api, pace: p, calls: calls}
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

// trippedSince tells whether the breaker opened at or after t, or is still open: failures since
// then are the API's, not the rows'.
func (a *app) trippedSince(t time.Time) bool {
	return a.tripped.Load() >= t.UnixNano() || a.breaker.State() != gobreaker.StateClosed
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

// heard tells people of an outage when the breaker opens, again at every probe that fails, and when
// it is over.
func (a *app) heard(ctx context.Context, e *sunco.Error, log *slog.Logger) {
	failure := outage(e)
	switch open := a.breaker.State() != gobreaker.StateClosed; {
	case open && failure != nil && !errors.Is(failure, context.Canceled):
		if a.out.CompareAndSwap(0, time.Now().UnixNano()) {
			log.Warn("the API does not answer: only a probe is sent from time to time, and no row uses an attempt", "error", code(e))
		}
	case !open && a.out.Swap(0) != 0:
		log.Info("the API answers again")
	default: // as at nearly every call
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	var err error
	if began := a.out.Load(); began != 0 {
		a.cause.Store(code(e))
		err = a.pace.Outage(ctx, time.Unix(0, began), code(e))
	} else {
		err = a.pace.Recovered(ctx)
	}
	if err != nil {
		log.Warn("could not report the API's outage", "error", err)
	}
}

// keepOutage tells everybody again of an outage that is not over: they forget it soon, or a worker that was killed would be
// believed long after.
func (a *app) keepOutage(ctx context.Context) error {
	cause, _ := a.cause.Load().(string)
	if began := a.out.Load(); began != 0 && cause != "" {
		return a.pace.Outage(ctx, time.Unix(0, began), cause)
	}
	return nil
}

// leaveOutage takes back what this worker told of an outage, of which it hears no more. Another job of the app in this process
// tells it again.
func (a *app) leaveOutage(ctx context.Context) error {
	if a.out.Load() == 0 {
		return nil
	}
	return a.pace.Recovered(ctx)
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
