// Package pace holds the rate of calls to one app, shared by all workers through Redis.
//
// The calls of all workers lie on one line of slots (GCRA by Redis' clock). A worker leases a few at
// a time and makes each call at its slot; a slot that is not used in time lapses. The rate begins low
// and doubles until answers 429 show the API's limit; from there on it is just under that.
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
	//go:embed line.lua
	lineLua string
	//go:embed lease.lua
	leaseLua string
	//go:embed throttle.lua
	throttleLua string

	leaseScript    = redis.NewScript(lineLua + leaseLua)
	throttleScript = redis.NewScript(lineLua + throttleLua)
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
	told  int       // answers 429 since this halt began
	halts int       // so far
	seen  answers   // since the last lease
	clock clock
}

// answers are what came back since Redis was last told.
type answers struct {
	made    int64         // other than 429
	fresh   int64         // of them, those whose calls were sent after the last halt
	spent   time.Duration // that all of them took together
	refused int64         // 429 of which Redis was not told when they came
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
	p.seen.made++
	if !p.now().Add(-took).Before(p.until) {
		p.seen.fresh++
	}
	p.seen.spent += took
}

// Throttled reports an answer 429, and how long that took. The calls of all workers halt for as long as the API asked; where
// it asked nothing (0), they halt when the 429 is not alone, for a time that doubles from halt to halt, with jitter. It also
// lowers the rate. Without Redis at least this worker halts.
func (p *Pace) Throttled(ctx context.Context, asked, took time.Duration) error {
	const (
		alone  = 500 * time.Millisecond // where Redis does not say
		enough = 8                      // of the calls in flight at a halt, which are answered 429 too
	)
	p.mu.Lock()
	left := p.until.Sub(p.now())
	if left <= 0 {
		p.told = 0
	}
	if p.told++; left > 0 && asked <= left && p.told > enough {
		p.seen.refused++
		p.mu.Unlock()
		return nil
	}
	seen := p.seen
	p.mu.Unlock()
	if asked > 0 {
		p.halt(asked)
	}
	wait, err := throttleScript.Run(ctx, p.rdb, []string{key(p.app)}, max(0, asked).Microseconds(), rand.Float64(), took.Microseconds(), seen.made, seen.fresh).Int64()
	if err != nil {
		p.halt(alone)
		return fmt.Errorf("halt app: %w", err)
	}
	p.halt(microseconds(wait))
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

// halt lets no call be made for a time, nor later any that was leased before. It never shortens a halt.
func (p *Pace) halt(wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if until := p.now().Add(wait); wait > 0 && until.After(p.until) {
		p.until = until
		p.halts++
		p.seen.fresh = 0 // those calls were sent before this halt
	}
}

// halted returns how long no call may be made.
func (p *Pace) halted() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.until.Sub(p.now())
}

// spell returns how many halts there were.
func (p *Pace) spell() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.halts
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
