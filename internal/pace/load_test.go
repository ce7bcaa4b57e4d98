package pace

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/internal/pace/cubic"
)

// caller paces the calls of one process.
type caller interface {
	ready(ctx context.Context, need int) error // blocks until a call may be made; it is made then
	answered(took time.Duration)
	throttled(ctx context.Context, asked, took time.Duration)
}

type ours struct {
	*Pace
	*Lane
}

func (o ours) ready(ctx context.Context, need int) error {
	for {
		if err := o.Ready(ctx, need); err != nil {
			return err
		}
		if o.Take() {
			return nil
		}
	}
}
func (o ours) answered(took time.Duration) { o.Answered(took) }
func (o ours) throttled(ctx context.Context, asked, took time.Duration) {
	_ = o.Throttled(ctx, asked, took)
}

// peer is a client that follows CUBIC.
type peer struct{ *cubic.Client }

func (p peer) ready(ctx context.Context, _ int) error              { return p.Wait(ctx) }
func (p peer) answered(time.Duration)                              { p.Answered() }
func (p peer) throttled(_ context.Context, asked, _ time.Duration) { p.Throttled(asked) }

// team is workers on a Redis of their own that hear of each other's halts.
func team(t *testing.T, n int, rate float64) (callers []caller) {
	f := newFleet(t)
	for i := range n {
		p := New(f.rdb, "app", fmt.Sprint("worker-", i))
		go p.Listen(t.Context())
		callers = append(callers, ours{p, p.Lane("job", Terms{Rate: rate, Burst: max(1, int(rate/10)), Weight: 1})})
	}
	return callers
}

// load is what a model run saw.
type load struct {
	mu           sync.Mutex
	good, bad    int
	late, lateOf int           // answers 429 after the first ten seconds, among so many calls
	halted       time.Duration // that Retry-After asked
	until        time.Time
	calls        window
}

// refusing is how an API answers 429.
type refusing struct {
	limit  limit
	named  bool // it says when to come back
	atOnce bool // a gateway does, in less time than an accepted call takes
}

// drive lets callers work at an API for a time, each with 64 calls in flight that take 80 ms.
func drive(ctx context.Context, callers []caller, l refusing, d time.Duration) *load {
	var seen load
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	start := time.Now()
	var all sync.WaitGroup
	for _, c := range callers {
		all.Go(func() {
			places := make(chan struct{}, 64)
			for {
				select {
				case places <- struct{}{}:
				case <-ctx.Done():
					return
				}
				if c.ready(ctx, cap(places)-len(places)+1) != nil {
					return
				}
				all.Go(func() {
					defer func() { <-places }()
					took := 80 * time.Millisecond
					there := rand.N(20 * time.Millisecond)
					if sleep(ctx, there) != nil {
						return
					}
					refused, asked := seen.call(l, time.Since(start))

					if refused && l.atOnce {
						took = there
					}
					if sleep(ctx, took-there) != nil {
						return
					}
					if refused {
						c.throttled(ctx, asked, took)
					} else {
						c.answered(took)
					}
				})
			}
		})
	}
	<-ctx.Done()
	all.Wait()
	return &seen
}

func (s *load) call(l refusing, at time.Duration) (refused bool, asked time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	s.calls.add(now)
	wait, refused := l.limit(now)
	if refused {
		s.bad++
		if l.named {
			asked = max(time.Second, wait.Truncate(time.Second))
			if asked < wait {
				asked += time.Second
			}
			until := now.Add(asked)
			s.halted += max(0, until.Sub(now)-max(0, s.until.Sub(now)))
			if until.After(s.until) {
				s.until = until
			}
		}
	} else {
		s.good++
	}
	if at > 10*time.Second {
		s.lateOf++
		if refused {
			s.late++
		}
	}
	return refused, asked
}

// parts are what was accepted of what the API allowed, and of that without the time of halts; the share of answers 429, and
// that after the first ten seconds.
func (s *load) parts(allowed float64, length time.Duration) (used, had, refused, late float64) {
	used = float64(s.good) / allowed
	had = used / (1 - s.halted.Seconds()/length.Seconds())
	return used, had, float64(s.bad) / float64(s.good+s.bad), float64(s.late) / float64(max(1, s.lateOf))
}
