package queue

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// Sizes counts a job's tasks by asynq's states: pending, active, scheduled, retry and archived.
func (q *Queues) Sizes(ctx context.Context, job string) (map[string]int64, error) {
	prefix := "asynq:{" + job + "}:"
	pipe := q.rdb.Pipeline()
	counts := map[string]*redis.IntCmd{}
	for _, list := range []string{"pending", "active"} {
		counts[list] = pipe.LLen(ctx, prefix+list)
	}
	for _, set := range []string{"scheduled", "retry", "archived"} {
		counts[set] = pipe.ZCard(ctx, prefix+set)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, fmt.Errorf("count tasks: %w", err)
	}
	sizes := make(map[string]int64, len(counts))
	for state, count := range counts {
		sizes[state] = count.Val()
	}
	return sizes, nil
}
