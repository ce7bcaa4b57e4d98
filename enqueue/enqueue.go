// Package enqueue turns rows into batches on Redis.
package enqueue

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/queue"
	"github.com/sunbulk/sunbulk/jobs"
)

// Records are the rows of an input in order, each with its rejection or nil.
type Records = iter.Seq2[jobs.Row, *jobs.Rejection]

// Ledger is where the enqueuing side notes what it has read: the ledger itself, or the journal of an
// embedded run around it.
type Ledger interface {
	List(ctx context.Context, job string) error
	Note(ctx context.Context, job string, n ledger.Note) error
	Progress(ctx context.Context, job string) (read, finished int64, err error)
	Finished(ctx context.Context, job string) (func(batch int64) bool, error)
}

// Config sizes an Enqueuer.
type Config struct {
	BatchSize int        // rows per batch; 0 = 100
	Window    int64      // batches that may be queued and not finished; 0 = no limit
	Canary    []jobs.Row // rows of the records, as Pick returns them, that come before all others, in batches of their own
	Witness   bool       // notes carry a digest of what was read: of a pipe, which cannot be read twice

	Mending *Mending // of a job that has lost outcomes; its canary is over. nil = none

	// Of a pipe's job on a real Redis:
	By     string            // the process that alone may note what it reads, see ledger.AcquireProducer; empty = any may
	Past   ledger.Checkpoint // what was noted before: nothing is queued until the records are seen to be the same
	Agreed func()            // called once, when they are; nil = nobody wants to know
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

const (
	maxGroup   = 32      // batches that are noted and queued together; the first groups are smaller
	maxSettled = 500     // rows that are not queued and wait for a note
	maxBytes   = 8 << 20 // of the rows of a batch, and of what a group holds: what is queued and noted can be read again
)

// Add queues all records under the job, which must have been created. It does not seal the job,
// because what is known of the inputs is complete only after the last record. Rows are cut into
// batches by their order and their bytes alone, the canary's first, so adding the same records again adds only
// what is missing.
func (e *Enqueuer) Add(ctx context.Context, job string, records Records) error {
	if err := e.ledger.List(ctx, job); err != nil {
		return err
	}
	mark, _, err := e.ledger.Progress(ctx, job)
	if err != nil {
		return err
	}
	finished, err := e.ledger.Finished(ctx, job)
	if err != nil {
		return err
	}
	g := group{Enqueuer: e, job: job, finished: finished, mark: mark, size: 1, queue: e.queues.Add}
	defer g.sending.Wait()
	if e.cfg.Witness {
		g.witness = newWitness()
	}
	g.past = past{Checkpoint: e.cfg.Past, agreed: e.cfg.Agreed}
	g.past.begin()
	if err := g.addCanary(ctx); err != nil {
		return err
	}
	ahead := e.cfg.Canary
	for row, rejection := range records {
		if err := g.sendFull(ctx); err != nil {
			return err
		}
		g.note.Through++
		if len(ahead) > 0 && ahead[0].Number == g.note.Through {
			if rejection == nil && row != ahead[0] {
				return errChanged
			}
			ahead = ahead[1:]
			continue
		}
		g.add(row, rejection)
		if err := g.compare(); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil { // a reading that was broken off is no other input
		return err
	}
	if len(ahead) > 0 {
		return errChanged
	}
	if err := g.past.end(g.note.Read); err != nil {
		return err
	}
	return g.end(ctx)
}

// group is what is read and not yet queued. While it is read, the one before is sent.
type group struct {
	*Enqueuer
	job      string
	finished func(batch int64) bool
	mark     int64    // rows that an earlier enqueue has noted
	size     int      // batches at which it is sent
	witness  *witness // nil when none is wanted
	settled  int      // rows since it was last sent that are not queued
	weight   int      // bytes since it was last sent
	past     past
	waiting  bool // for what is read to be seen to be the same as before

	queue   func(ctx context.Context, job string, b jobs.Batch) error
	rows    []jobs.Row // of the next batch
	bytes   int        // of them
	canary  bool       // its batches were counted when the job was made, by rows
	batches []jobs.Batch
	note    ledger.Note

	sending sync.WaitGroup
	failed  error // of what was sent last; known when sending is over
}

// addCanary queues the canary, in batches that hold no other row.
func (g *group) addCanary(ctx context.Context) error {
	if len(g.cfg.Canary) == 0 {
		return nil
	}
	if g.canary = true; g.cfg.Mending == nil {
		g.queue = g.queues.AddCanary
	}
	defer func() { g.queue, g.canary = g.queues.Add, false }()
	for _, row := range g.cfg.Canary {
		if err := g.sendFull(ctx); err != nil {
			return err
		}
		g.add(row, nil)
	}
	return g.end(ctx)
}

// add takes the next record of the job. When the group is sent depends on the records alone, not on the
// mark, so that a second reading makes the notes of the first.
func (g *group) add(row jobs.Row, rejection *jobs.Rejection) {
	g.note.Read++
	if g.witness != nil {
		g.witness.see(row, rejection)
	}
	size := row.Size()
	if rejection == nil {
		if g.bytes+size > maxBytes && !g.canary {
			g.cut()
		}
		g.rows, g.bytes = append(g.rows, row), g.bytes+size
	} else {
		g.settled++
		size += rejection.Size()
		if g.note.Read > g.mark {
			g.settle(row, rejection)
		}
	}
	g.weight += size
	if len(g.rows) == g.cfg.BatchSize {
		g.cut()
	}
}

// compare judges what was read of a pipe by what was noted of it before.
func (g *group) compare() error {
	stand, err := g.past.judge(g.note.Read, g.witness)
	if stand == known {
		g.batches, g.settled, g.weight = nil, 0, 0
	}
	g.waiting = stand == held
	return err
}

// sendFull sends a group that is full, before another record is read: the ledger takes one note of so many rows, and the
// last must report all batches.
func (g *group) sendFull(ctx context.Context) error {
	if g.waiting || len(g.batches) < g.size && g.settled < maxSettled && g.weight < maxBytes {
		return nil
	}
	return g.send(ctx)
}

// end sends what is left, and returns when all is sent.
func (g *group) end(ctx context.Context) error {
	g.cut()
	if err := g.send(ctx); err != nil {
		return err
	}
	g.sending.Wait()
	if g.failed != nil {
		return g.failed
	}
	read, _, err := g.ledger.Progress(ctx, g.job)
	if err == nil && read < g.note.Read {
		err = fmt.Errorf("queue rows: %w", ledger.ErrWentBack)
	}
	return err
}

// settle notes the outcome of a row that is not queued.
func (g *group) settle(row jobs.Row, rejection *jobs.Rejection) {
	if !rejection.Filtered {
		g.note.Rejected = append(g.note.Rejected, *rejection)
		return
	}
	g.note.Filtered = append(g.note.Filtered, jobs.Outcome{Row: row.Key(), Kind: jobs.Noop, Detail: jobs.LeftOut, FinishedAt: time.Now().UTC()})
}

// cut makes a batch of the rows.
func (g *group) cut() {
	if len(g.rows) == 0 {
		return
	}
	g.batches = append(g.batches, jobs.Batch{Number: g.note.Batches, Rows: g.rows})
	g.note.Batches++
	g.rows, g.bytes = make([]jobs.Row, 0, g.cfg.BatchSize), 0
}

// send begins to note and queue what was read, once the group before is queued, and begins the next group.
func (g *group) send(ctx context.Context) error {
	g.sending.Wait()
	if err := cmp.Or(g.failed, ctx.Err()); err != nil {
		return err
	}
	if g.witness != nil {
		g.note.Digest, g.note.By = g.witness.String(), g.cfg.By
	}
	note, batches := g.note, g.batches
	g.note.Before = note.Read
	g.sending.Go(func() { g.failed = g.sendNow(ctx, note, batches) })
	g.batches, g.note.Rejected, g.note.Filtered, g.settled, g.weight = nil, nil, nil, 0, 0
	g.size = min(2*g.size, maxGroup)
	if g.cfg.Window > 0 {
		g.size = min(g.size, int(g.cfg.Window))
	}
	return nil
}

// sendNow notes what was read and then queues the batches: the job never has an outcome of a row that
// was not counted as read.
func (g *group) sendNow(ctx context.Context, note ledger.Note, batches []jobs.Batch) error {
	if err := g.ledger.Note(ctx, g.job, note); err != nil {
		return err
	}
	if err := g.wait(ctx, note.Batches); err != nil {
		return err
	}
	adding, adders := errgroup.WithContext(ctx)
	for _, b := range batches {
		adding.Go(func() error {
			reopened, err := g.cfg.Mending.reopens(adders, b)
			if err != nil || !reopened && g.finished(b.Number) {
				return err
			}
			return g.queue(adders, g.job, b)
		})
	}
	return adding.Wait()
}

// wait holds the enqueuing side, with so many batches, at most a window ahead of the working side.
func (g *group) wait(ctx context.Context, batches int64) error {
	if g.cfg.Window == 0 || batches <= g.cfg.Window {
		return nil
	}
	for pause := time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
		_, finished, err := g.ledger.Progress(ctx, g.job)
		if err != nil {
			return fmt.Errorf("look how far the job is: %w", err)
		}
		if batches-finished <= g.cfg.Window {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}
