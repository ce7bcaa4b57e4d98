// Package queue is a job's queue in asynq: named by the job's id, a task per batch. The batches of a
// canary have a queue of their own, so that a job's others can wait without being delivered.
package queue

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/jobs"
)

// TaskType is the asynq type of every task; its payload is an encoded batch.
const TaskType = "sunbulk:batch"

const (
	// asynq archives a task whose retries are used up, whatever IsFailure says, and its archive
	// forgets: a task gets more retries than it can ever use.
	maxRetry = math.MaxInt32
	// A task without a timeout would get 30 minutes; a batch at a slow pace needs longer.
	timeout = 365 * 24 * time.Hour
)

var (
	//go:embed first.lua
	firstLua string

	firstScript = redis.NewScript(firstLua)
)

// Queues adds and finds the tasks of jobs. It is safe for concurrent use.
type Queues struct {
	rdb       redis.UniversalClient
	client    *asynq.Client
	inspector *asynq.Inspector
	codec     *jobs.Codec
}

// New returns Queues on rdb, which the caller closes.
func New(rdb redis.UniversalClient, codec *jobs.Codec) *Queues {
	return &Queues{rdb, asynq.NewClientFromRedisClient(rdb), asynq.NewInspectorFromRedisClient(rdb), codec}
}

// Name is that of the asynq queue of a job's canary, or of its other batches.
func Name(job string, canary bool) string {
	if canary {
		return job + "-canary"
	}
	return job
}

// names are all queues that a job may have.
func names(job string) []string { return []string{Name(job, false), Name(job, true)} }

func taskID(job string, batch int64) string { return job + ":" + strconv.FormatInt(batch, 10) }

// Add queues a batch. A task with its id that is there already is success: an earlier enqueue, or
// a retry of the Redis client after a lost answer, has added it. One that somebody archived by hand
// goes back to the queue.
func (q *Queues) Add(ctx context.Context, job string, b jobs.Batch) error {
	return q.addBatch(ctx, Name(job, false), taskID(job, b.Number), b)
}

// AddCanary is Add for a batch of the job's canary.
func (q *Queues) AddCanary(ctx context.Context, job string, b jobs.Batch) error {
	return q.addBatch(ctx, Name(job, true), taskID(job, b.Number), b)
}

func (q *Queues) addBatch(ctx context.Context, name, id string, b jobs.Batch) error {
	added, err := q.add(ctx, name, id, q.codec.EncodeBatch(b))
	if err != nil {
		return fmt.Errorf("queue batch %d: %w", b.Number, err)
	}
	if added {
		return nil
	}
	info, err := q.inspector.GetTaskInfo(name, id)
	if err == nil && info.State == asynq.TaskStateArchived {
		err = q.inspector.RunTask(name, id)
	}
	if err != nil && !gone(err) {
		return fmt.Errorf("queue batch %d: %w", b.Number, err)
	}
	return nil
}

// gone tells whether asynq says that it has no such task.
func gone(err error) bool {
	return errors.Is(err, asynq.ErrTaskNotFound) || errors.Is(err, asynq.ErrQueueNotFound)
}

func (q *Queues) add(ctx context.Context, name, id string, payload []byte) (added bool, err error) {
	_, err = q.client.EnqueueContext(ctx, asynq.NewTask(TaskType, payload),
		asynq.Queue(name), asynq.TaskID(id), asynq.MaxRetry(maxRetry), asynq.Timeout(timeout))
	if errors.Is(err, asynq.ErrTaskIDConflict) {
		return false, nil
	}
	if err != nil && ctx.Err() != nil {
		err = ctx.Err() // asynq does not wrap it
	}
	return err == nil, err
}

// Again queues a batch once more whose delivery under the given fence came to nothing, before all
// others: at the tail it would wait for the rest of the job. The task of that delivery is still asynq's, who delivers it too when its lease is over. It returns false when
// this was done before, or when asynq has nothing of the batch.
func (q *Queues) Again(ctx context.Context, job string, batch, fence int64) (bool, error) {
	task, err := q.find(job, batch, fence)
	if err != nil || task == nil {
		return false, err
	}
	added, err := q.first(ctx, task.Queue, fencedID(job, batch, fence), task.Payload)
	if err != nil {
		return false, fmt.Errorf("queue batch %d again: %w", batch, err)
	}
	return added, nil
}

// Put queues a batch whose task may be lost, before all others, after its delivery under the given fence. It is Again for one who has the payload.
func (q *Queues) Put(ctx context.Context, job string, canary bool, batch, fence int64, payload []byte) error {
	_, err := q.first(ctx, Name(job, canary), fencedID(job, batch, fence), payload)
	if err != nil {
		return fmt.Errorf("queue batch %d again: %w", batch, err)
	}
	return nil
}

// first adds a task before all others of the queue; false when it is there.
func (q *Queues) first(ctx context.Context, name, id string, payload []byte) (bool, error) {
	added, err := q.add(ctx, name, id, payload)
	if added {
		err = firstScript.Run(ctx, q.rdb, []string{"asynq:{" + name + "}:pending"}, id).Err()
	}
	return added, err
}

func fencedID(job string, batch, fence int64) string {
	return taskID(job, batch) + ":" + strconv.FormatInt(fence, 10)
}

// ErrUnreadable says that a task is there whose rows cannot be read: it is damaged, or of another version.
var ErrUnreadable = errors.New("the batch cannot be read")

// Find returns a batch that asynq still has a task of; fence is the newest of the batch, 0 when it
// was never opened. Its error wraps ErrUnreadable when there is a task that cannot be read.
func (q *Queues) Find(job string, batch, fence int64) (jobs.Batch, bool, error) {
	task, err := q.find(job, batch, fence)
	if err != nil || task == nil {
		return jobs.Batch{}, false, err
	}
	b, err := q.codec.DecodeBatch(task.Payload)
	if err != nil {
		return b, false, fmt.Errorf("batch %d: %w: %w", batch, ErrUnreadable, err)
	}
	return b, true, nil
}

// find looks for the first task of a batch, then for those that were queued again, the newest first; nil
// when there is none.
func (q *Queues) find(job string, batch, fence int64) (*asynq.TaskInfo, error) {
	for id := taskID(job, batch); ; fence-- {
		for _, name := range names(job) {
			info, err := q.inspector.GetTaskInfo(name, id)
			switch {
			case err == nil:
				return info, nil
			case !gone(err):
				return nil, fmt.Errorf("find batch %d: %w", batch, err)
			}
		}
		if fence < 1 {
			return nil, nil
		}
		id = fencedID(job, batch, fence)
	}
}

// Pause makes asynq deliver nothing more of the job; Resume ends that. Both are idempotent. The canary's
// queue needs neither: the ledger opens no batch of a paused job.
func (q *Queues) Pause(job string) error {
	return ignore(q.inspector.PauseQueue(job), "already paused")
}

// Resume lets asynq deliver the job's batches again.
func (q *Queues) Resume(job string) error {
	return ignore(q.inspector.UnpauseQueue(job), "not paused")
}

// ignore drops the error of a move that was made before: asynq has no type for it.
func ignore(err error, part string) error {
	if err == nil || strings.Contains(err.Error(), part) {
		return nil
	}
	return fmt.Errorf("move queue: %w", err)
}

// Left tells whether asynq keeps anything of a job's queues.
func (q *Queues) Left(ctx context.Context, job string) (bool, error) {
	for _, name := range names(job) {
		pipe := q.rdb.Pipeline()
		listed := pipe.SIsMember(ctx, "asynq:queues", name)
		counted := pipe.Exists(ctx, "asynq:{"+name+"}:processed") // by a handler that ended after a Drop
		if _, err := pipe.Exec(ctx); err != nil {
			return false, fmt.Errorf("look for queue: %w", err)
		}
		if listed.Val() || counted.Val() > 0 {
			return true, nil
		}
	}
	return false, nil
}

// Drop deletes what asynq keeps of an ended job's queues: their tasks and their daily counts.
// asynq's own DeleteQueue leaves the completed set and the counts behind.
func (q *Queues) Drop(ctx context.Context, job string) error {
	for _, name := range names(job) {
		if err := q.drop(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

func (q *Queues) drop(ctx context.Context, name string) error {
	prefix := "asynq:{" + name + "}:"
	keys := []string{}
	for _, list := range []string{"pending", "active", "scheduled", "retry", "archived", "completed", "lease"} {
		ids, err := q.members(ctx, prefix+list)
		if err != nil {
			return fmt.Errorf("drop queue: %w", err)
		}
		for _, id := range ids {
			keys = append(keys, prefix+"t:"+id)
		}
		keys = append(keys, prefix+list)
	}
	keys = append(keys, prefix+"paused", prefix+"processed", prefix+"failed", prefix+"groups")
	for day := range 3 { // a queue's counts are kept by UTC day
		date := time.Now().UTC().AddDate(0, 0, -day).Format("2006-01-02")
		keys = append(keys, prefix+"processed:"+date, prefix+"failed:"+date)
	}
	for len(keys) > 0 {
		n := min(len(keys), 1000)
		if err := q.rdb.Unlink(ctx, keys[:n]...).Err(); err != nil {
			return fmt.Errorf("drop queue: %w", err)
		}
		keys = keys[n:]
	}
	if err := q.rdb.SRem(ctx, "asynq:queues", name).Err(); err != nil {
		return fmt.Errorf("drop queue: %w", err)
	}
	return nil
}

func (q *Queues) members(ctx context.Context, key string) ([]string, error) {
	switch kind, err := q.rdb.Type(ctx, key).Result(); {
	case err != nil:
		return nil, err
	case kind == "list":
		return q.rdb.LRange(ctx, key, 0, -1).Result()
	case kind == "zset":
		return q.rdb.ZRange(ctx, key, 0, -1).Result()
	}
	return nil, nil
}
