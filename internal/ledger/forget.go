package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/jobs"
)

// Forget drops all that is known of a job that has ended, its outcomes too; ErrIllegal when it has not.
// A job that is not there is no error: who was cut off may begin anew.
func (l *Ledger) Forget(ctx context.Context, id string) error {
	state, err := l.rdb.HGet(ctx, key(id), "state").Result()
	if err == nil && !jobs.State(state).Ended() {
		return fmt.Errorf("job %s is %s: %w", id, state, ErrIllegal)
	}
	if err != nil && !errors.Is(err, redis.Nil) {
		return fmt.Errorf("read state: %w", err)
	}
	// First from the list, or it would name a job that is gone.
	if err := l.rdb.ZRem(ctx, allJobs, id).Err(); err != nil {
		return fmt.Errorf("forget job: %w", err)
	}
	keys := []string{key(id)}
	for _, part := range []string{"open", "finished", "outcomes", "attempts", "alive", "notices", "reruns"} {
		keys = append(keys, key(id, part))
	}
	if err := l.rdb.Unlink(ctx, keys...).Err(); err != nil {
		return fmt.Errorf("forget job: %w", err)
	}
	return nil
}
