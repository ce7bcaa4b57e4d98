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

// Config sizes an Enqueuer.
type Config struct {
	BatchSize int   // rows per batch; 0 = 100
	Window    int64 // batches that may be queued and not finished; 0 = no limit
}

// Enqueuer adds the rows of one job to its queue.
type Enqueuer struct {
	ledger *ledger.Ledger
	queues *queue.Queues
	cfg    Config
}

// New returns an Enqueuer that writes to the given ledger and queues.
func New(l *ledger.Ledger, q *queue.Queues, cfg Config) *Enqueuer {
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
func (e *Enqueuer) Add(ctx context.Context, job string, records Records) error {
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
		if err := e.send(ctx, job, note, rows); err != nil {
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
func (e *Enqueuer) send(ctx context.Context, job string, note ledger.Note, rows []jobs.Row) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := e.ledger.Note(ctx, job, note); err != nil {
		return err
	}
	if len(rows) == 0 {
		return nil
	}
	if err := e.wait(ctx, job, note.Batches); err != nil {
		return err
	}
	return e.queues.Add(ctx, job, jobs.Batch{Number: note.Batches - 1, Rows: rows})
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
