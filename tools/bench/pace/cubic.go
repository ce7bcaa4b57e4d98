package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// cubic is what the adaptive retry mode of AWS' SDKs does: a token bucket, whose rate is cut to 0.7 at a 429 and then follows
// the cubic function of RFC 9438 with the scale 0.4, at most twice what is sent. It halts as Retry-After asks.
type cubic struct {
	mu                   sync.Mutex
	most, rate, capacity float64
	filled               time.Time
	top, k               float64
	failed, until        time.Time
	limited              bool
	slot                 time.Time // half seconds, in which what is sent is measured
	count, sent          float64
}

func newCubic(most float64) *cubic {
	return &cubic{most: most, rate: most, filled: time.Now(), slot: time.Now()}
}

func (c *cubic) ready(ctx context.Context) error {
	for {
		c.mu.Lock()
		now := time.Now()
		c.capacity = min(max(c.rate, 1), c.capacity+now.Sub(c.filled).Seconds()*c.rate)
		c.filled = now
		wait := c.until.Sub(now)
		if wait <= 0 && c.capacity >= 1 {
			c.capacity--
			c.mu.Unlock()
			return ctx.Err()
		}
		if wait <= 0 {
			wait = max(time.Millisecond, time.Duration((1-c.capacity)/c.rate*float64(time.Second)))
		}
		c.mu.Unlock()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

func (c *cubic) measure(now time.Time) {
	c.count++
	if past := now.Sub(c.slot); past >= time.Second/2 {
		c.sent = 0.8*c.count/past.Seconds() + 0.2*c.sent
		c.count, c.slot = 0, now
	}
}

func (c *cubic) answered() {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	c.measure(now)
	if c.limited {
		t := now.Sub(c.failed).Seconds() - c.k
		c.set(min(0.4*t*t*t+c.top, 2*c.sent))
	}
}

func (c *cubic) throttled(asked time.Duration) {
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
	if until := now.Add(asked); until.After(c.until) {
		c.until = until
	}
}

func (c *cubic) set(rate float64) {
	c.rate = min(c.most, max(0.5, rate))
	c.capacity = min(c.capacity, max(1, c.rate))
}

// run creates clients at an API, with 64 calls in flight, until the returned function is called.
func (c *cubic) run(base string) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	var all sync.WaitGroup
	for i := range 64 {
		all.Go(func() {
			for n := i; c.ready(ctx) == nil; n += 64 {
				c.create(ctx, client, base, n)
			}
		})
	}
	return func() { cancel(); all.Wait() }
}

func (c *cubic) create(ctx context.Context, client *http.Client, base string, n int) {
	body := fmt.Sprintf(`{"matchCriteria":{"type":"whatsapp","integrationId":"int-1","phoneNumber":"+1212%07d"},"confirmation":{"type":"immediate"},"target":{"conversationId":"conv-1"}}`, n)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, fmt.Sprintf("%s/v2/apps/app/users/user-%d/clients", base, n), strings.NewReader(body))
	if err != nil {
		return
	}
	req.Header.Set("Authorization", "Bearer any")
	req.Header.Set("Content-Type", "application/json")
	res, err := client.Do(req)
	if err != nil {
		return
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	if res.StatusCode != http.StatusTooManyRequests {
		c.answered()
		return
	}
	seconds, _ := strconv.Atoi(res.Header.Get("Retry-After"))
	c.throttled(time.Duration(seconds) * time.Second)
}
