package service

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/internal/redisfault"
)

// brake lets whoever was refused by a Redis wait before it gets the error. asynq, among others, asks again at once: a full Redis was
// asked ten thousand times a second.
type brake struct {
	mu   sync.Mutex
	last time.Time // at which one that was refused goes on
}

const (
	refusedPause = 500 * time.Millisecond // is what a refusal takes at least
	refusedApart = 250 * time.Millisecond // lies between two of all that were refused: go-redis makes four connections for each READONLY
	refusedMost  = 8 * time.Second
)

// hold waits after a refusal of the whole Redis. One that does not answer takes its time anyway.
func (b *brake) hold(ctx context.Context, err error) {
	if f := redisfault.Of(err); !f.Whole() || f == redisfault.NoAnswer {
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

// DialHook changes nothing.
func (*brake) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

// ProcessHook holds a command that was refused.
func (b *brake) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		b.hold(ctx, err)
		return err
	}
}

// ProcessPipelineHook holds a pipeline that was refused.
func (b *brake) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		err := next(ctx, cmds)
		b.hold(ctx, err)
		return err
	}
}
