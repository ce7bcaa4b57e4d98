package runs

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/sunbulk/sunbulk/enqueue"
	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/queue"
	"github.com/sunbulk/sunbulk/jobs"
)

// Jobs is where the jobs of steps are kept, and how their rows are queued: on a Redis, whose workers make the calls, or in one
// process, which makes them itself. All methods but Queue are those of a ledger.
type Jobs interface {
	Job(ctx context.Context, id string) (jobs.Job, error)
	Create(ctx context.Context, job jobs.Job) error
	Seal(ctx context.Context, id string, inputs []jobs.Input, now time.Time) error
	Chunks(ctx context.Context, id string) iter.Seq2[jobs.Chunk, error]
	Pause(ctx context.Context, id, who string, kind jobs.PauseKind, reason string) error
	Resume(ctx context.Context, id, who, reason string) error
	Cancel(ctx context.Context, id, who, reason string) error

	// Queue sees to it that the rows are added. It may stop that when the job makes no calls any more.
	Queue(ctx context.Context, rows *Rows) error
}

// Rows are those of a step that are being queued.
type Rows struct {
	Step   int // from 0
	Job    string
	Source *Source
	Stop   context.CancelCauseFunc // ends their reading and their queuing together: what was read of an input that was broken off is not the whole

	cfg  enqueue.Config
	seal func(context.Context) error
}

// Add queues the rows and seals their job: as enqueue does, so that a second begin adds only what is missing.
// With a lookahead it waits while so many batches are queued and not finished.
func (r *Rows) Add(ctx context.Context, l enqueue.Ledger, q *queue.Queues, lookahead int64) error {
	r.cfg.Window = lookahead
	err := enqueue.New(l, q, r.cfg).Add(ctx, r.Job, r.Source.Records(ctx))
	if err = errors.Join(err, r.Source.Err(), ctx.Err()); err != nil {
		return err
	}
	return r.seal(ctx)
}

// redisJobs are the jobs of steps on a Redis.
type redisJobs struct {
	*ledger.Ledger
	queues *queue.Queues
}

// Queue adds the rows; workers take them meanwhile.
func (j redisJobs) Queue(ctx context.Context, rows *Rows) error {
	return rows.Add(ctx, j.Ledger, j.queues, 0)
}
