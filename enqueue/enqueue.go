// Package enqueue turns rows into batches on Redis.
package enqueue

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/queue"
	"github.com/sunbulk/sunbulk/jobs"
)

// Records are the rows of an input in order, each with its rejection or nil.
type Records = iter.Seq2[jobs.Row, *jobs.Rejection]

// Ledger is where the enqueuing side notes what it has read: the ledger itself, or the journal of an
// embedded run around it.
type Ledger interface {
	Note(ctx context.Context, job string, n ledger.Note) error
	FinishedBatches(ctx context.Context, job string) (int64, error)
	Finished(ctx context.Context, job string) (func(batch int64) bool, error)
}

// Config sizes an Enqueuer.
type Config struct {
	BatchSize int   // rows per batch; 0 = 100
	Window    int64 // batches that may be queued and not finished; 0 = no limit
}

// Enqueuer adds the rows of one job to its queue.
type Enqueuer struct {
	ledger Ledger
	queues *queue.Queues
	cfg    Config
}

// New returns an Enqueuer that writes to the given ledger and queues.
func New(l Ledger, q *queue.Queues, cfg Config) *Enqueuer {
	if cfg.BatchSize == 0 {
		cfg.BatchSize = 100
	}
	return &Enqueuer{l, q, cfg}
}

// maxRejected bounds the rejections that wait for the batch they are noted with.
const maxRejected = 500

// Add queues all records under the job, which must have been created. It does not seal the job,
// because what is known of the inputs is complete only after the last record. The cuts between
// batches and notes depend on the records alone, so adding the same records again adds nothing.
// Batches that were finished before are passed over.
func (e *Enqueuer) Add(ctx context.Context, job string, records Records) error {
	finished, err := e.ledger.Finished(ctx, job)
	if err != nil {
		return err
	}
	var (
		rows []jobs.Row
		note ledger.Note
	)
	flush := func() error {
		if len(rows) == 0 && len(note.Rejected) == 0 {
			return nil
		}
		if len(rows) > 0 {
			note.Batches++
		}
		if err := e.send(ctx, job, note, rows, finished); err != nil {
			return err
		}
		rows, note.Rejected = rows[:0], note.Rejected[:0]
		return nil
	}
	for row, rejection := range records {
		note.Read++
		if rejection != nil {
			note.Rejected = append(note.Rejected, *rejection)
		} else {
			rows = append(rows, row)
		}
		if len(rows) == e.cfg.BatchSize || len(note.Rejected) == maxRejected {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

// send notes the rows before it queues them: the job never has an outcome of a row that was not
// counted as read.
func (e *Enqueuer) send(ctx context.Context, job string, note ledger.Note, rows []jobs.Row, finished func(int64) bool) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := e.ledger.Note(ctx, job, note); err != nil {
		return err
	}
	number := note.Batches - 1
	if len(rows) == 0 || finished(number) {
		return nil
	}
	if err := e.wait(ctx, job, note.Batches); err != nil {
		return err
	}
	return e.queues.Add(ctx, job, jobs.Batch{Number: number, Rows: rows})
}

// wait holds the enqueuing side at most a window of batches ahead of the working side.
func (e *Enqueuer) wait(ctx context.Context, job string, batches int64) error {
	if e.cfg.Window == 0 || batches <= e.cfg.Window {
		return nil
	}
	for pause := time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
		finished, err := e.ledger.FinishedBatches(ctx, job)
		if err != nil {
			return fmt.Errorf("look how far the job is: %w", err)
		}
		if batches-finished <= e.cfg.Window {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}
