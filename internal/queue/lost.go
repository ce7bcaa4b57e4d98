package queue

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/redis/go-redis/v9"
)

// opened is a batch with its newest fence.
type opened struct{ batch, fence int64 }

// Lost yields, of the batches given with their newest fences, those that asynq will not deliver: it
// has no task of them, or has archived it.
func (q *Queues) Lost(ctx context.Context, job string, batches iter.Seq2[int64, int64]) iter.Seq2[int64, error] {
	const group = 1000 // batches that are asked for in one go
	return func(yield func(int64, error) bool) {
		some := make([]opened, 0, group)
		for batch, fence := range batches {
			if some = append(some, opened{batch, fence}); len(some) < group {
				continue
			}
			if !q.lost(ctx, job, some, yield) {
				return
			}
			some = some[:0]
		}
		q.lost(ctx, job, some, yield)
	}
}

// lost yields the lost ones of some batches, and tells whether to go on. Nearly all batches have their
// first task, so those are asked for together.
func (q *Queues) lost(ctx context.Context, job string, some []opened, yield func(int64, error) bool) bool {
	if len(some) == 0 {
		return true
	}
	states := make([]*redis.StringCmd, len(some))
	pipe := q.rdb.Pipeline()
	for i, o := range some {
		states[i] = pipe.HGet(ctx, taskKey(Name(job, false), taskID(job, o.batch)), "state")
	}
	_, _ = pipe.Exec(ctx) // each command has its own error
	for i, o := range some {
		if deliverable(states[i].Val()) {
			continue
		}
		kept, err := q.kept(ctx, job, o.batch, o.fence)
		if (err != nil || !kept) && !yield(o.batch, err) || err != nil {
			return false
		}
	}
	return true
}

// kept tells whether asynq will deliver a batch.
func (q *Queues) kept(ctx context.Context, job string, batch, fence int64) (bool, error) {
	for id := taskID(job, batch); ; fence-- {
		for _, name := range names(job) {
			state, err := q.rdb.HGet(ctx, taskKey(name, id), "state").Result()
			switch {
			case err != nil && !errors.Is(err, redis.Nil):
				return false, fmt.Errorf("find batch %d: %w", batch, err)
			case deliverable(state):
				return true, nil
			}
		}
		if fence < 1 {
			return false, nil
		}
		id = fencedID(job, batch, fence)
	}
}

// taskKey is asynq's key of a task.
func taskKey(name, id string) string { return "asynq:{" + name + "}:t:" + id }

// deliverable tells whether asynq will deliver a task in the state; there is none in the state "".
func deliverable(state string) bool {
	return state != "" && state != "archived" && state != "completed"
}
