package pace

import (
	"time"

	"golang.org/x/time/rate"
)

// grant is calls that a lane may make: each from the time of its slot on, until the slot lapses.
type grant struct {
	slots   *rate.Limiter // spreads the calls evenly from start on; nil = no limit until the end
	start   time.Time     // earliest moment that is surely not before the first slot
	left    int           // slots from next on
	next    time.Time
	end     time.Time     // without slots: when the freedom ends
	overdue time.Duration // how long after its time, by this clock, a slot may still be used
}

// onTheWay is the part of a lapse that is left for what delays a call between here and the API.
const onTheWay = 10

// newGrant places the slots of a lease: n calls evenly over the span, from wait on. The reply came
// between sent and received, so that a slot is used neither before its time nor beyond its lapse.
func newGrant(n int, wait, span, lapse time.Duration, sent, received time.Time) grant {
	if n < 0 {
		return grant{end: sent.Add(lapse)}
	}
	g := grant{
		slots: rate.NewLimiter(rate.Limit(float64(n)/span.Seconds()), 1),
		start: received.Add(wait), left: n, overdue: lapse - lapse/onTheWay - received.Sub(sent),
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
