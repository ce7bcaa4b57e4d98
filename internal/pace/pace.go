// Package pace holds the rate of calls to one app.
package pace

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Waits after answers 429 that name no time: the first, and what doubling it leads to.
const (
	firstHalt = 250 * time.Millisecond
	lastHalt  = time.Minute
)

// Pace hands out calls to one app, evenly. Most callers want Wait; Ready is for those who need
// something else as well before they call. It is safe for concurrent use.
type Pace struct {
	limiter *rate.Limiter

	mu     sync.Mutex
	until  time.Time // no call before; zero when not halted
	streak int       // halts without a good answer between
}

// New returns a Pace of perSecond calls a second (0 = no limit), of which burst may come at once.
func New(perSecond float64, burst int) *Pace {
	p := &Pace{limiter: rate.NewLimiter(rate.Inf, 1)}
	p.Set(perSecond, burst)
	return p
}

// Set changes the rate while calls go on.
func (p *Pace) Set(perSecond float64, burst int) {
	limit := rate.Limit(perSecond)
	if perSecond <= 0 {
		limit = rate.Inf
	}
	p.limiter.SetBurst(max(1, burst))
	p.limiter.SetLimit(limit)
}

// Wait blocks until a call may be made and takes it, or returns ctx's error.
func (p *Pace) Wait(ctx context.Context) error {
	if err := p.halted(ctx); err != nil {
		return err
	}
	return p.limiter.Wait(ctx)
}

// Ready blocks until a call could be made, and takes none.
func (p *Pace) Ready(ctx context.Context) error {
	if err := p.halted(ctx); err != nil {
		return err
	}
	r := p.limiter.Reserve()
	delay := r.Delay()
	r.Cancel()
	return sleep(ctx, delay)
}

// Halt stops all calls after an answer 429: for as long as the API asked, or else for a time that
// doubles from halt to halt, with jitter. A halt that is under way is never shortened.
func (p *Pace) Halt(asked time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if asked <= 0 {
		if now.Before(p.until) {
			return // the other calls in flight are answered 429 too, which is one event
		}
		backoff := min(lastHalt, firstHalt<<min(p.streak, 10))
		asked = backoff/2 + rand.N(backoff/2)
		p.streak++
	}
	if until := now.Add(asked); until.After(p.until) {
		p.until = until
	}
}

// Answered says that a call was answered other than by 429.
func (p *Pace) Answered() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.streak > 0 && time.Now().After(p.until) {
		p.streak = 0
	}
}

func (p *Pace) halted(ctx context.Context) error {
	for {
		p.mu.Lock()
		left := time.Until(p.until)
		p.mu.Unlock()
		if left <= 0 {
			return ctx.Err()
		}
		if err := sleep(ctx, left); err != nil {
			return err
		}
	}
}

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
