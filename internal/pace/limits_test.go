package pace

import (
	"math/rand/v2"
	"time"
)

// limit is what an API allows: it says of a call whether it is refused, and when the next may come.
type limit func(at time.Time) (wait time.Duration, refused bool)

// inAny allows n calls in any time of that length.
func inAny(n int, length time.Duration) limit {
	var last []time.Time
	return func(at time.Time) (time.Duration, bool) {
		for len(last) > 0 && at.Sub(last[0]) >= length {
			last = last[1:]
		}
		if len(last) >= n {
			return length - at.Sub(last[0]), true
		}
		last = append(last, at)
		return 0, false
	}
}

// tokens is a token bucket.
func tokens(rate, burst float64) limit {
	used, last := 0.0, time.Time{}
	return func(at time.Time) (time.Duration, bool) {
		used = max(0, used-at.Sub(last).Seconds()*rate)
		last = at
		if used+1 > burst {
			return time.Duration((used + 1 - burst) / rate * float64(time.Second)), true
		}
		used++
		return 0, false
	}
}

// inEach allows n calls in each window of that length on the clock.
func inEach(n int, length time.Duration) limit {
	var window time.Time
	used := 0
	return func(at time.Time) (time.Duration, bool) {
		if begun := at.Truncate(length); begun != window {
			window, used = begun, 0
		}
		if used >= n {
			return window.Add(length).Sub(at), true
		}
		used++
		return 0, false
	}
}

// some refuses a share of the calls whatever their rate.
func some(share float64) limit {
	draw := rand.New(rand.NewPCG(rand.Uint64(), 2))
	return func(time.Time) (time.Duration, bool) { return time.Second, draw.Float64() < share }
}

// changing allows what the limits do one after the other, each for a time from the first call on, the last one for ever.
func changing(after time.Duration, limits ...limit) limit {
	var start time.Time
	return func(at time.Time) (wait time.Duration, refused bool) {
		if start.IsZero() {
			start = at
		}
		now := min(int(at.Sub(start)/after), len(limits)-1)
		for i, l := range limits { // each knows what was accepted
			if w, r := l(at); i == now {
				wait, refused = w, r
			}
		}
		return wait, refused
	}
}

// both refuse what one of the limits does.
func both(limits ...limit) limit {
	return func(at time.Time) (time.Duration, bool) {
		for _, l := range limits {
			if w, r := l(at); r {
				return w, r
			}
		}
		return 0, false
	}
}
