package pace

import (
	"testing"
	"testing/synctest"
	"time"
)

// bucket is an API that answers 429 above a rate, with a second's worth at once. A call takes the
// latency; a 429 names the time to come back, in whole seconds, when named is set.
func bucket(perSecond float64, latency time.Duration, named bool) func(time.Time) (time.Duration, time.Duration, bool) {
	var used float64
	var last time.Time
	return func(at time.Time) (took, retryAfter time.Duration, throttled bool) {
		used = max(0, used-at.Sub(last).Seconds()*perSecond)
		last = at
		if used+1 <= perSecond {
			used++
			return latency, 0, false
		}
		if named {
			retryAfter = time.Second
		}
		return latency, retryAfter, true
	}
}

func after(calls []time.Time, start time.Time) (n int) {
	for _, at := range calls {
		if at.After(start) {
			n++
		}
	}
	return n
}

func TestI4FindsTheLimitOfTheAPI(t *testing.T) {
	for _, tt := range []struct {
		name  string
		rate  float64
		named bool
	}{
		{"configured above it", 200, true}, {"without Retry-After", 200, false}, {"no limit configured", 0, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFleet(t)
				f.api = bucket(50, 20*time.Millisecond, tt.named)
				start := time.Now()
				const seconds = 120
				f.run(8, "job", Terms{Rate: tt.rate, Burst: 20, Weight: 1}, seconds*time.Second)
				settled := start.Add(10 * time.Second)
				calls, refused := after(f.calls, settled), after(f.throttled, settled)
				if got := float64(refused) / float64(calls); got >= 0.02 {
					t.Errorf("share of calls answered 429: got %.1f %%, want less than 2 %%", 100*got)
				}
				if got := float64(calls-refused) / (50 * (seconds - 10)); got < 0.9 {
					t.Errorf("part of the API's limit: got %.1f %%, want at least 90 %%", 100*got)
				}
			})
		})
	}
}
