package localredis

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// oneByOne sends the commands of a pipeline each by itself. A pipe in memory holds nothing: a client that writes on while the server
// waits to be heard would wait for it in turn, and nothing is saved by not waiting for each answer.
type oneByOne struct{ client *redis.Client }

// DialHook changes nothing.
func (oneByOne) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessHook changes nothing.
func (oneByOne) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

// ProcessPipelineHook returns the first error of a command.
func (o oneByOne) ProcessPipelineHook(redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) (first error) {
		for _, cmd := range cmds {
			if err := o.client.Process(ctx, cmd); err != nil && first == nil {
				first = err
			}
		}
		return first
	}
}
