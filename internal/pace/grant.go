package pace

import (
	"time"

	"golang.org/x/time/rate"
)

// grant is calls that a lane may make: each from the time of its slot on, until the slot lapses.
type grant struct {
	slots   *rate.Limiter // spreads the calls evenly from start on; nil = no limit until the end
	start   time.Time     // the first slot's
	left    int           // slots from next on
	next    time.Time
	end     time.Time     // without slots: when the freedom ends
	overdue time.Duration // how long after its time, by this clock, a slot may still be used
}

// onTheWay is the part of a lapse that is left for what delays a call between here and the API.
const onTheWay = 2

// newGrant places n slots evenly over the span, from start on. Start is surely not too early, and
// unsure is how late it may be.
func newGrant(n int, start time.Time, span, lapse, unsure time.Duration) grant {
	if n < 0 {
		return grant{end: start.Add(lapse - unsure)}
	}
	g := grant{
		slots: rate.NewLimiter(rate.Limit(float64(n)/span.Seconds()), 1),
		start: start, left: n, overdue: lapse - lapse/onTheWay - unsure,
	}
	g.step()
	return g
}

func (g *grant) step() {
	g.next = g.start.Add(g.slots.ReserveN(g.start, 1).DelayFrom(g.start))
}

// slot returns the time of the next call, passing over slots that have lapsed; false when there is none.
func (g *grant) slot(now time.Time) (time.Time, bool) {
	if g.slots == nil {
		return now, now.Before(g.end)
	}
	for g.left > 0 && now.After(g.next.Add(g.overdue)) {
		g.drop()
	}
	return g.next, g.left > 0
}

// take uses the next slot when its time has come; false when there is none.
func (g *grant) take(now time.Time) bool {
	at, ok := g.slot(now)
	if !ok || now.Before(at) {
		return false
	}
	g.drop()
	return true
}

func (g *grant) drop() {
	if g.slots == nil {
		return
	}
	if g.left--; g.left > 0 {
		g.step()
	}
}
