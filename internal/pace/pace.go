// Package pace holds the rate of calls to one app, shared by all workers through Redis.
//
// The calls of all workers lie on one line of slots (GCRA by Redis' clock). A worker leases a few at
// a time and makes each call at its slot; a slot that is not used in time lapses. A 429 halts all
// workers and lowers the rate; clean running raises it again.
package pace

import (
	"context"
	_ "embed"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

var (
	//go:embed lease.lua
	leaseLua string
	//go:embed throttle.lua
	throttleLua string

	leaseScript    = redis.NewScript(leaseLua)
	throttleScript = redis.NewScript(throttleLua)
)

func key(app string) string { return "sunbulk:pace:{" + app + "}" }

// Pace is one worker's part in the rate of an app. It is safe for concurrent use.
type Pace struct {
	rdb    redis.UniversalClient
	app    string
	worker string
	now    func() time.Time

	mu    sync.Mutex
	until time.Time // no call before; zero when not halted
	seen  answers   // since the last lease
	clock clock
}

// answers are what came back, the 429 that began a halt left out.
type answers struct {
	made    int64         // good ones
	spent   time.Duration // that those took together
	spared  int64         // good ones while calls were halted: they were in flight
	refused int64         // 429 while calls were halted
}

// mean is what a good answer took.
func (a answers) mean() time.Duration { return a.spent / time.Duration(max(1, a.made)) }

// New returns the part of a worker, whose name has no colon, in the rate of an app.
func New(rdb redis.UniversalClient, app, worker string) *Pace {
	return &Pace{rdb: rdb, app: app, worker: worker, now: time.Now}
}

// Answered says that a call was answered other than by 429, and how long that took.
func (p *Pace) Answered(took time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.now().Before(p.until) {
		p.seen.spared++
		return
	}
	p.seen.made++
	p.seen.spent += took
}

// Throttled halts the calls of all workers after an answer 429: for as long as the API asked, or
// else (0) for a time that doubles from halt to halt, with jitter. It also lowers the rate. Without
// Redis at least this worker halts.
func (p *Pace) Throttled(ctx context.Context, asked time.Duration) error {
	const alone = 500 * time.Millisecond // until Redis says more
	p.mu.Lock()
	left := p.until.Sub(p.now())
	if left > 0 {
		p.seen.refused++
	}
	if left > 0 && asked <= left {
		p.mu.Unlock()
		return nil // the other calls in flight are answered 429 too, which is one event
	}
	provisional := asked
	if asked <= 0 {
		provisional = alone
	}
	mine := p.now().Add(provisional)
	p.until = mine
	made := p.seen.made
	p.mu.Unlock()

	wait, err := throttleScript.Run(ctx, p.rdb, []string{key(p.app)}, max(0, asked).Microseconds(), rand.Float64(), made).Int64()
	if err != nil {
		return fmt.Errorf("halt app: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if until := p.now().Add(microseconds(wait)); until.After(p.until) || p.until.Equal(mine) {
		p.until = until
	}
	return nil
}

// Listen hears of the halts of other workers at once, until ctx ends. Without it they are known at
// the next lease, within a second.
func (p *Pace) Listen(ctx context.Context) {
	sub := p.rdb.Subscribe(ctx, key(p.app))
	defer sub.Close()
	for {
		select {
		case <-ctx.Done():
			return
		case m, open := <-sub.Channel():
			if !open {
				return
			}
			if wait, err := strconv.ParseInt(m.Payload, 10, 64); err == nil {
				p.halt(microseconds(wait))
			}
		}
	}
}

// halt lets no call be made for a time. It never shortens a halt.
func (p *Pace) halt(wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if until := p.now().Add(wait); until.After(p.until) {
		p.until = until
	}
}

// halted returns how long no call may be made.
func (p *Pace) halted() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.until.Sub(p.now())
}

// tell returns what was seen since it was last called.
func (p *Pace) tell() answers {
	p.mu.Lock()
	defer p.mu.Unlock()
	seen := p.seen
	p.seen = answers{}
	return seen
}

// place returns the local time of start, which is Redis' as now is, and how late that may be.
func (p *Pace) place(now, start, sent, received time.Time) (time.Time, time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clock.heard(now, sent, received)
	return p.clock.local(start)
}

func microseconds(n int64) time.Duration { return time.Duration(n) * time.Microsecond }

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
