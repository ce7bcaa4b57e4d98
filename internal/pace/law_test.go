package pace

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// reach is how long calls take to come at 0.9 of a rate, by the count of a second.
func reach(calls []time.Time, start time.Time, rate float64) time.Duration {
	for i := range calls {
		n := 0
		for j := i; j >= 0 && calls[i].Sub(calls[j]) < time.Second; j-- {
			n++
		}
		if float64(n) >= 0.9*rate {
			return calls[i].Sub(start)
		}
	}
	return time.Hour
}

func TestRateBeginsLowAndDoubles(t *testing.T) {
	for _, tt := range []struct {
		workers int
		rate    float64
		within  time.Duration
	}{{1, 40, 3 * time.Second}, {8, 40, 4 * time.Second}, {1, 300, 5 * time.Second}, {8, 300, 7 * time.Second}} {
		synctest.Test(t, func(t *testing.T) {
			f := newFleet(t)
			start := time.Now()
			f.run(tt.workers, "job", Terms{Rate: tt.rate, Burst: int(tt.rate / 10), Weight: 1}, 8*time.Second)
			if got := reach(f.calls, start, tt.rate); got > tt.within {
				t.Errorf("%d workers at %g/s: got there after %s, want at most %s", tt.workers, tt.rate, got, tt.within)
			}
			if got := len(f.calls) - after(f.calls, start.Add(500*time.Millisecond)); got > 12 {
				t.Errorf("%d workers at %g/s: got %d calls in the first half second, want about 5", tt.workers, tt.rate, got)
			}
		})
	}
}

// One 429 among good answers costs next to nothing, and makes nobody believe in a limit.
func TestA429AloneMovesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t)
		n := 0
		f.api = func(time.Time) (time.Duration, time.Duration, bool) {
			n++
			return 20 * time.Millisecond, 0, n == 333
		}
		f.run(4, "job", Terms{Rate: 60, Burst: 6, Weight: 1}, 15*time.Second)
		got, want := after(f.calls, f.throttled[0]), 0.97*60*time.Since(f.throttled[0]).Seconds()
		if float64(got) < want {
			t.Errorf("got %d calls after the 429, want at least %.0f", got, want)
		}
		s, err := Read(t.Context(), f.rdb, "app")
		if err != nil || s.Rate != 60 || s.Believed != nil || s.Reason != "" {
			t.Errorf("got %+v, %v, want 60/s without a reason", s, err)
		}
	})
}

// 429s that come whatever the rate are named, with their share.
func TestStray429sAreNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t)
		random := rand.New(rand.NewPCG(3, 1))
		f.api = func(time.Time) (time.Duration, time.Duration, bool) {
			return 20 * time.Millisecond, 0, random.Float64() < 0.03
		}
		f.run(4, "job", Terms{Rate: 60, Burst: 6, Weight: 1}, 60*time.Second)
		s, err := Read(t.Context(), f.rdb, "app")
		if err != nil || s.Stray < 0.012 || s.Stray > 0.05 || !strings.Contains(s.String(), "% of calls get a 429 whatever the rate") {
			t.Errorf("got %+v, %v, want a share of about 0.03, named", s, err)
		}
	})
}

// The next job of an app begins with what the one before found, and says since when it is known.
func TestWhatWasLearntIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t)
		allowed := inAny(70, time.Second)
		f.api = func(at time.Time) (time.Duration, time.Duration, bool) {
			_, refused := allowed(at)
			return 20 * time.Millisecond, 0, refused
		}
		f.run(4, "first", Terms{Rate: 150, Burst: 15, Weight: 1}, 20*time.Second)
		before, err := Read(t.Context(), f.rdb, "app")
		if err != nil || before.Believed == nil || before.Believed.Limit < 52 || before.Believed.Limit > 77 {
			t.Fatalf("got %+v, %v, want about 70/s, or three quarters of it soon after a second cut", before.Believed, err)
		}
		time.Sleep(20 * time.Hour)
		if text := before.Believed.String(); text == (Believed{before.Believed.Limit, time.Now(), before.Believed.By}).String() {
			t.Errorf("got %q, which does not tell the day", text)
		}
		again, refused := time.Now(), len(f.throttled)
		f.run(4, "second", Terms{Rate: 150, Burst: 15, Weight: 1}, 2*time.Second)
		if got := len(f.throttled) - refused; got > 0 {
			t.Errorf("got %d answers 429 in the first two seconds, want none", got)
		}
		if got := after(f.calls, again); float64(got) < 1.4*before.Believed.Limit {
			t.Errorf("got %d calls in the first two seconds, want about %.0f", got, 1.8*before.Believed.Limit)
		}
	})
}

// Latencies that differ from call to call stop no rise; an API that becomes slow as it gets more does.
func TestLatencyIsASignOnlyWhenItDoubles(t *testing.T) {
	latencies := map[string]func() time.Duration{
		"even":        func() time.Duration { return 20*time.Millisecond + rand.N(130*time.Millisecond) },
		"exponential": func() time.Duration { return time.Duration(60e6 * rand.ExpFloat64()) },
		"one in 25 takes a second": func() time.Duration {
			if rand.N(25) == 0 {
				return time.Second
			}
			return 50 * time.Millisecond
		},
	}
	held := func(t *testing.T, latency func() time.Duration) (seen, slow int) {
		synctest.Test(t, func(t *testing.T) {
			f := newFleet(t)
			f.api = func(time.Time) (time.Duration, time.Duration, bool) { return latency(), 0, false }
			ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
			defer cancel()
			for i := range 24 {
				f.start(ctx, string(rune('a'+i)), "job", Terms{Rate: 60, Burst: 6, Weight: 1}, 64)
			}
			for ctx.Err() == nil {
				sleep(ctx, 500*time.Millisecond)
				seen++
				if f.rdb.HGet(t.Context(), key("app"), "held").Val() == "1" {
					slow++
				}
			}
			f.running.Wait()
		})
		return seen, slow
	}
	for name, latency := range latencies {
		if seen, slow := held(t, latency); slow > seen/20 {
			t.Errorf("%s: held at %d of %d looks, want at most one in 20", name, slow, seen)
		} else {
			t.Logf("%s: held at %d of %d looks", name, slow, seen)
		}
	}
	n := 0
	if _, slow := held(t, func() time.Duration {
		if n++; n > 1200 {
			return 300 * time.Millisecond
		}
		return 50 * time.Millisecond
	}); slow == 0 {
		t.Error("got no sign of an API that takes six times as long as before")
	}
}
