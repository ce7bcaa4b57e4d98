// Package cubic is the client that measurements of the pace stand beside. Sunbulk itself does not use it.
package cubic

import (
	"context"
	"math"
	"sync"
	"time"
)

// Client paces calls as the adaptive retry mode of AWS' SDKs does: a token bucket, whose rate is cut to 0.7 at a 429 and then
// follows the cubic function of RFC 9438 with the scale 0.4, at most twice what is sent. It halts as Retry-After asks.
// It is safe for concurrent use.
type Client struct {
	mu                   sync.Mutex
	most, rate, capacity float64
	filled               time.Time
	top, k               float64
	failed, until        time.Time
	limited              bool
	slot                 time.Time // half seconds, in which what is sent is measured
	count, sent          float64
}

// New returns a client that makes at most so many calls per second.
func New(most float64) *Client {
	return &Client{most: most, rate: most, filled: time.Now(), slot: time.Now()}
}

// Wait blocks until a call may be made, which it takes.
func (c *Client) Wait(ctx context.Context) error {
	for {
		wait := c.take()
		if wait <= 0 {
			return ctx.Err()
		}
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		case <-t.C:
		}
	}
}

// take uses a token, or returns how long until there may be one.
func (c *Client) take() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	c.capacity = min(max(c.rate, 1), c.capacity+now.Sub(c.filled).Seconds()*c.rate)
	c.filled = now
	if wait := c.until.Sub(now); wait > 0 {
		return wait
	}
	if c.capacity < 1 {
		return max(time.Millisecond, time.Duration((1-c.capacity)/c.rate*float64(time.Second)))
	}
	c.capacity--
	return 0
}

func (c *Client) measure(now time.Time) {
	c.count++
	if past := now.Sub(c.slot); past >= time.Second/2 {
		c.sent = 0.8*c.count/past.Seconds() + 0.2*c.sent
		c.count, c.slot = 0, now
	}
}

// Answered reports an answer other than 429.
func (c *Client) Answered() {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	c.measure(now)
	if c.limited {
		t := now.Sub(c.failed).Seconds() - c.k
		c.set(min(0.4*t*t*t+c.top, 2*c.sent))
	}
}

// Throttled reports an answer 429 and how long it asks to wait.
func (c *Client) Throttled(retryAfter time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	c.measure(now)
	used := c.sent
	if c.limited {
		used = min(used, c.rate)
	}
	c.limited, c.top, c.failed = true, used, now
	c.k = math.Cbrt(used * 0.3 / 0.4)
	c.set(0.7 * used)
	if until := now.Add(retryAfter); until.After(c.until) {
		c.until = until
	}
}

func (c *Client) set(rate float64) {
	c.rate = min(c.most, max(0.5, rate))
	c.capacity = min(c.capacity, max(1, c.rate))
}
