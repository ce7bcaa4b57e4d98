package pace

import "time"

// drift is how much faster or slower than Redis' a machine's clock may run: 200 µs a second.
const drift = 5000

// clock knows how far Redis' clock is ahead of this machine's, within bounds that every reply may
// narrow. So a slow reply does not make the slots in it uncertain.
type clock struct {
	least, most time.Duration
	at          time.Time // of the last reply; zero before
}

// heard notes a reply that Redis made at the time redis, between sent and received.
func (c *clock) heard(redis, sent, received time.Time) {
	least, most := redis.Sub(received), redis.Sub(sent)
	aged := received.Sub(c.at) / drift
	if known := !c.at.IsZero(); known && least <= c.most+aged && most >= c.least-aged {
		least, most = max(least, c.least-aged), min(most, c.most+aged)
	} // else a clock was set
	*c = clock{least, most, received}
}

// local returns the time here that is surely not before Redis' time, and how far beyond it can be.
func (c *clock) local(redis time.Time) (at time.Time, unsure time.Duration) {
	return redis.Add(-c.least), c.most - c.least
}
