package pace

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// most returns the highest number of calls in any second.
func most(calls []time.Time) int {
	highest := 0
	for i, from := 0, 0; i < len(calls); i++ {
		for calls[i].Sub(calls[from]) >= time.Second {
			from++
		}
		highest = max(highest, i-from+1)
	}
	return highest
}

func TestI4NeverMoreThanRateAndBurstInAnySecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(50, 5)
		var mu sync.Mutex
		var calls []time.Time
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		var wg sync.WaitGroup
		for range 64 {
			wg.Go(func() {
				for p.Wait(ctx) == nil {
					mu.Lock()
					calls = append(calls, time.Now())
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if got, limit := most(calls), 55; got > limit {
			t.Errorf("most calls in a second: got %d, want at most %d", got, limit)
		}
		if got, want := len(calls), 500; got < want {
			t.Errorf("calls in 10 s: got %d, want at least %d", got, want)
		}
	})
}

func TestReadyTakesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(1, 1)
		for range 5 {
			if err := p.Ready(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		start := time.Now()
		if err := errors.Join(p.Wait(t.Context()), p.Ready(t.Context())); err != nil {
			t.Fatal(err)
		}
		if got, want := time.Since(start), time.Second; got != want {
			t.Errorf("ready after a call: got %s, want %s", got, want)
		}
	})
}

func TestHaltHoldsEveryCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(0, 1)
		start := time.Now()
		p.Halt(3 * time.Second)
		p.Halt(0)
		p.Halt(time.Second)
		if err := p.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, want := time.Since(start), 3*time.Second; got != want {
			t.Errorf("wait: got %s, want %s: a halt is never shortened", got, want)
		}
	})
}

func TestHaltsGrowUntilAnAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(0, 1)
		halt := func() time.Duration {
			start := time.Now()
			p.Halt(0)
			p.Halt(0) // of a call that was in flight at the same time
			p.Wait(t.Context())
			return time.Since(start)
		}
		for i := range 12 {
			full := min(lastHalt, firstHalt<<i)
			if got := halt(); got < full/2 || got > full {
				t.Errorf("halt %d: got %s, want %s to %s", i, got, full/2, full)
			}
			time.Sleep(time.Millisecond)
		}
		p.Answered()
		if got := halt(); got > firstHalt {
			t.Errorf("halt after an answer: got %s, want at most %s", got, firstHalt)
		}
	})
}

func TestWaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(0, 1)
		p.Halt(time.Hour)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := p.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("wait: got %v, want %v", err, context.DeadlineExceeded)
		}
	})
}
