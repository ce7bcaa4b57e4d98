package service

import (
	"context"
	"net"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/internal/redisfault"
)

// brake lets whoever was refused by a Redis wait before it gets the error. asynq, among others, asks again at once: a full Redis was
// asked ten thousand times a second.
type brake struct{}

// refusedPause is how long a refusal takes.
const refusedPause = 500 * time.Millisecond

// hold waits after a refusal of the whole Redis. One that does not answer takes its time anyway.
func (brake) hold(ctx context.Context, err error) {
	if f := redisfault.Of(err); !f.Whole() || f == redisfault.NoAnswer {
		return
	}
	select {
	case <-ctx.Done():
	case <-time.After(refusedPause):
	}
}

// DialHook changes nothing.
func (brake) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

// ProcessHook holds a command that was refused.
func (b brake) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		b.hold(ctx, err)
		return err
	}
}

// ProcessPipelineHook holds a pipeline that was refused.
func (b brake) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		err := next(ctx, cmds)
		b.hold(ctx, err)
		return err
	}
}
