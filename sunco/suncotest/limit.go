package suncotest

import (
	"math"
	"sync"
	"time"
)

// limiter keeps calls to a rate that may change from call to call, as may its kind.
type limiter struct {
	mu   sync.Mutex
	used float64   // of LimitBucket: calls taken out of the bucket and not yet given back
	last time.Time // when used was brought up to date

	times []time.Time // of LimitSliding: calls within the window, the oldest first

	window time.Time // of LimitFixed: when the window began
	count  int       // calls in it
}

// take returns 0 if a call may come now, else the time until one may. A rate of 0 or less is no limit.
func (l *limiter) take(k *Knobs, op operation) time.Duration {
	if k.RateLimit <= 0 || k.LimitOp != "" && k.LimitOp != op.String() {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now, window := time.Now(), k.LimitWindow
	if window == 0 {
		window = time.Second
	}
	most := max(1, int(math.Round(k.RateLimit*window.Seconds())))
	switch k.LimitKind {
	case LimitSliding:
		return l.slide(now, most, window)
	case LimitFixed:
		return l.fix(now, most, window)
	}
	return l.drain(now, k.RateLimit, k.Burst)
}

func (l *limiter) drain(now time.Time, rate float64, burst int) time.Duration {
	size := float64(burst)
	if burst <= 0 {
		size = max(rate, 1)
	}
	l.used = max(l.used-now.Sub(l.last).Seconds()*rate, 0)
	l.last = now
	if over := l.used + 1 - size; over > 0 {
		return max(time.Duration(over/rate*float64(time.Second)), 1)
	}
	l.used++
	return 0
}

func (l *limiter) slide(now time.Time, most int, window time.Duration) time.Duration {
	for len(l.times) > 0 && now.Sub(l.times[0]) >= window {
		l.times = l.times[1:]
	}
	if n := len(l.times); n >= most {
		return max(window-now.Sub(l.times[n-most]), 1)
	}
	l.times = append(l.times, now)
	return 0
}

func (l *limiter) fix(now time.Time, most int, window time.Duration) time.Duration {
	if begun := now.Truncate(window); !begun.Equal(l.window) {
		l.window, l.count = begun, 0
	}
	if l.count >= most {
		return max(l.window.Add(window).Sub(now), 1)
	}
	l.count++
	return 0
}
