package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/jobs"
)

// Forget drops all that is known of a job that has ended, its outcomes too; ErrIllegal when it has not.
// A job that is not there is no error: who was cut off may begin again.
func (l *Ledger) Forget(ctx context.Context, id string) error {
	state, err := l.rdb.HGet(ctx, key(id), "state").Result()
	if err == nil && !jobs.State(state).Ended() {
		return fmt.Errorf("job %s is %s: %w", id, state, ErrIllegal)
	}
	if err != nil && !errors.Is(err, redis.Nil) {
		return fmt.Errorf("read state: %w", err)
	}
	return l.Drop(ctx, id)
}

// Listed tells whether the id of a job is among all, whatever its record is.
func (l *Ledger) Listed(ctx context.Context, id string) (bool, error) {
	err := l.rdb.ZScore(ctx, allJobs, id).Err()
	if errors.Is(err, redis.Nil) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for job: %w", err)
	}
	return true, nil
}

// Drop is Forget of a job whose record is not looked at: it cannot be read.
func (l *Ledger) Drop(ctx context.Context, id string) error {
	// First from the list, or it would name a job that is gone.
	if err := l.rdb.ZRem(ctx, allJobs, id).Err(); err != nil {
		return fmt.Errorf("forget job: %w", err)
	}
	keys := []string{key(id)}
	for _, part := range []string{"open", "finished", "outcomes", "attempts", "alive", "notices", "reruns", "clients", "links", "taken", "merged"} {
		keys = append(keys, key(id, part))
	}
	if err := l.rdb.Unlink(ctx, keys...).Err(); err != nil {
		return fmt.Errorf("forget job: %w", err)
	}
	return nil
}
