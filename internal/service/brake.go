package service

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/internal/redisfault"
)

// brake makes a caller that a Redis refused wait before it gets the error. asynq, among others, asks again at once: a full Redis was
// asked ten thousand times a second.
type brake struct {
	mu      sync.Mutex
	last    time.Time // at which one that was refused goes on
	refused time.Time // when the last one was
	dialed  time.Time // when the next connection may be made
}

const (
	refusedPause = 500 * time.Millisecond // is what a refusal takes at least
	refusedApart = 250 * time.Millisecond // lies between two of all that were refused: go-redis makes four connections for each READONLY
	refusedMost  = 2 * time.Second        // is a heartbeat: who gives them waits here as well

	dialsApart   = 100 * time.Millisecond // lies between two connections while Redis refuses, which may be because of their number
	dialsHeldFor = time.Second            // after a refusal
)

// hold waits after a refusal of the whole Redis. One that does not answer mostly takes its time anyway; one with too many clients closes connections at once.
func (b *brake) hold(ctx context.Context, began time.Time, err error) {
	if f := redisfault.Of(err); !f.Whole() || f == redisfault.NoAnswer && time.Since(began) > refusedPause {
		return
	}
	select {
	case <-ctx.Done():
	case <-time.After(b.turn(time.Now())):
	}
}

// turn is how long one that is refused now has to wait.
func (b *brake) turn(now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refused = now
	at := b.last.Add(refusedApart)
	if first := now.Add(refusedPause); at.Before(first) {
		at = first
	}
	if most := now.Add(refusedMost); at.After(most) {
		at = most
	}
	b.last = at
	return at.Sub(now)
}

// DialHook holds a new connection shortly after a refusal.
func (b *brake) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		select {
		case <-ctx.Done():
		case <-time.After(b.dialTurn(time.Now())):
		}
		return next(ctx, network, addr)
	}
}

// dialTurn is how long a new connection has to wait.
func (b *brake) dialTurn(now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	if now.Sub(b.refused) > dialsHeldFor {
		return 0
	}
	at := b.dialed.Add(dialsApart)
	if at.Before(now) {
		at = now
	}
	if most := now.Add(dialsHeldFor); at.After(most) {
		at = most
	}
	b.dialed = at
	return at.Sub(now)
}

// ProcessHook holds a command that was refused.
func (b *brake) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		began := time.Now()
		err := next(ctx, cmd)
		b.hold(ctx, began, err)
		return err
	}
}

// ProcessPipelineHook holds a pipeline that was refused.
func (b *brake) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		began := time.Now()
		err := next(ctx, cmds)
		b.hold(ctx, began, err)
		return err
	}
}
