package pace

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

func TestJobsShareTheRateByWeight(t *testing.T) {
	for _, tt := range []struct {
		name         string
		rate         float64
		large, small Terms
		want         float64 // the small job's part, whose rows one worker has
	}{
		{"evenly", 200, Terms{Weight: 2}, Terms{Weight: 2}, 0.5},
		{"evenly at a low rate", 10, Terms{Weight: 2}, Terms{Weight: 2}, 0.5},
		{"high beside low", 200, Terms{Weight: 1}, Terms{Weight: 4}, 0.8},
		{"low beside normal", 200, Terms{Weight: 2}, Terms{Weight: 1}, 1.0 / 3},
		{"with a rate of its own", 200, Terms{Weight: 2}, Terms{Weight: 2, Cap: 20}, 0.1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFleet(t)
				f.warm(tt.rate)
				tt.large.Rate, tt.small.Rate = tt.rate, tt.rate
				tt.large.Burst, tt.small.Burst = int(tt.rate/10), int(tt.rate/10)
				ctx, cancel := context.WithTimeout(t.Context(), 35*time.Second)
				defer cancel()
				for i := range 8 {
					f.start(ctx, fmt.Sprint("worker-", i), "large", tt.large, 64)
				}
				time.Sleep(5 * time.Second)
				joined := time.Now()
				f.start(ctx, "worker-0", "small", tt.small, 64)
				<-ctx.Done()
				f.running.Wait()
				f.check(int(tt.rate+tt.rate/10), 0.97*tt.rate*35)
				small := f.byJob["small"]
				if wait := small[0].Sub(joined); wait > 3*time.Second {
					t.Errorf("first call of the small job: after %s, want at most 3s", wait)
				}
				got := float64(len(small)) / float64(after(f.calls, joined))
				if got < tt.want-0.05 || got > tt.want+0.05 {
					t.Errorf("part of the small job: got %.2f, want %.2f", got, tt.want)
				}
			})
		})
	}
}

// The figures of a fleet: 200 workers at 2,000 calls a second that come, go and are killed, on
// machines whose clocks are up to 2 s wrong. SUNBULK_PACE_VIRTUAL is the virtual time, such as 1h; a
// minute takes about half of one.
func TestI4FleetThatComesAndGoes(t *testing.T) {
	length := 10 * time.Second
	if text := os.Getenv("SUNBULK_PACE_VIRTUAL"); text != "" {
		var err error
		if length, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t)
		f.warm(2000)
		f.window = &window{}
		const rate, burst, workers = 2000, 200, 200
		ctx, cancel := context.WithTimeout(t.Context(), length)
		defer cancel()
		for i := range workers {
			f.running.Go(func() {
				for life := 0; ctx.Err() == nil; life++ {
					alive, die := context.WithTimeout(ctx, 5*time.Second+rand.N(2*time.Minute))
					skew := rand.N(4*time.Second) - 2*time.Second
					f.work(alive, fmt.Sprintf("worker-%d-%d", i, life), "job", Terms{Rate: rate, Burst: burst, Weight: 1}, skew, 64)
					die()
					sleep(ctx, rand.N(3*time.Second))
				}
			})
		}
		<-ctx.Done()
		f.running.Wait()
		if got, limit := f.window.most, rate+burst; got > limit {
			t.Errorf("I4: most calls in a second: got %d, want at most %d", got, limit)
		}
		if got, least := f.window.total, int(0.95*rate*length.Seconds()); got < least {
			t.Errorf("calls: got %d, want at least %d", got, least)
		}
		t.Logf("%d calls of %.0f, at most %d in a second", f.window.total, rate*length.Seconds(), f.window.most)
	})
}

func TestI4AHaltIsEverybodys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t)
		a, b := New(f.rdb, "app", "a"), New(f.rdb, "app", "b")
		terms := Terms{Rate: 10, Burst: 1, Weight: 1}
		lane := b.Lane("job", terms)
		if err := lane.Keep(t.Context()); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if err := a.Throttled(t.Context(), 30*time.Second, 0); err != nil {
			t.Fatal(err)
		}
		if err := a.Throttled(t.Context(), time.Second, 0); err != nil { // a halt is never shortened
			t.Fatal(err)
		}
		if err := lane.Ready(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		if got, want := time.Since(start), 30*time.Second; got < want {
			t.Errorf("call of another worker: after %s, want %s", got, want)
		}
		s, err := Read(t.Context(), f.rdb, "app")
		if err != nil {
			t.Fatal(err)
		}
		if got, want := s.String(), "10/s"; got != want {
			t.Errorf("standing: got %q, want %q", got, want)
		}
	})
}

func TestTakeRefusesALapsedSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t)
		lane := New(f.rdb, "app", "a").Lane("job", Terms{Rate: 100, Burst: 10, Weight: 1})
		if err := lane.Ready(t.Context(), 5); err != nil {
			t.Fatal(err)
		}
		time.Sleep(200 * time.Millisecond)
		if lane.Take() {
			t.Error("a slot was used 200 ms late, want at most 100 ms")
		}
	})
}

func TestOverrideChangesTheRateWhileCallsGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t)
		f.warm(300)
		terms := Terms{Rate: 100, Reserve: 0.5, Burst: 5, Weight: 1}
		for _, tt := range []struct {
			value string
			want  float64
		}{{Auto, 50}, {"20", 20}, {Max, 100}, {"300", 300}, {Auto, 50}} {
			if err := Set(t.Context(), f.rdb, "app", Override{Rate: tt.value}); err != nil {
				t.Fatal(err)
			}
			f.run(4, "job", terms, 3*time.Second)
			before := len(f.calls)
			f.run(4, "job", terms, 10*time.Second)
			if got := float64(len(f.calls)-before) / 10; got < 0.95*tt.want || got > 1.05*tt.want {
				t.Errorf("rate %s: got %.1f/s, want %g/s", tt.value, got, tt.want)
			}
			s, err := Read(t.Context(), f.rdb, "app")
			if err != nil {
				t.Fatal(err)
			}
			if s.Rate != tt.want {
				t.Errorf("standing with %s: got %g/s, want %g/s", tt.value, s.Rate, tt.want)
			}
		}
	})
}

// A job whose own rate was next to nothing goes on soon after that is raised.
func TestLaneFollowsItsTerms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t)
		terms := Terms{Rate: 100, Burst: 10, Weight: 1, Cap: 1e-6}
		lane := New(f.rdb, "app", "a").Lane("job", terms)
		if err := lane.Ready(t.Context(), 10); err != nil || !lane.Take() {
			t.Fatalf("first call: got error %v, or no slot", err)
		}
		raised := time.Now().Add(time.Minute)
		time.AfterFunc(time.Minute, func() { lane.Set(Terms{Rate: 100, Burst: 10, Weight: 1, Cap: 1}) })
		if err := lane.Ready(t.Context(), 10); err != nil {
			t.Fatal(err)
		}
		if wait := time.Since(raised); wait < 0 || wait > 3*time.Second {
			t.Errorf("next call: %s after the rate was raised, want at most 3s", wait)
		}
	})
}
