package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/jobs"
)

// Memory is what was kept elsewhere of a job whose Redis is gone.
type Memory struct {
	Job      jobs.Job // its State, Reason and Sealed are not read: the job starts as enqueuing
	Finished []byte   // a bit per batch; the highest bit of the first byte is batch 0
	Open     map[int64]OpenBatch
}

// OpenBatch is a batch that was opened and is not finished.
type OpenBatch struct {
	Dirty    bool          // calls may have been under way
	Since    time.Time     // when it was opened for the first time
	Progress jobs.Progress // empty when nothing was committed
	Worker   string        // that holds it; empty when it was given back. Restore leaves it empty
	Fence    int64         // of its newest delivery. Restore begins at 0
}

// restorePairs is how many pairs of name and value go to Redis in one command.
const restorePairs = 500

// Restore puts the memory of a job into a ledger that does not know it; ErrExists when it does. As
// after Resume, the count of failures that can pause the job starts again.
func (l *Ledger) Restore(ctx context.Context, m Memory) error {
	id := m.Job.ID
	if err := l.Create(ctx, m.Job); err != nil {
		return err
	}
	fields, err := m.fields()
	if err != nil {
		return err
	}
	if err := l.set(ctx, key(id), fields); err != nil {
		return err
	}
	open := make([]any, 0, 2*len(m.Open))
	for batch, o := range m.Open {
		open = append(open, batch, fmt.Sprintf("0:%d:%d:0::%s", flag(o.Dirty), o.Since.UnixMilli(), []byte(o.Progress)))
	}
	if err := l.set(ctx, key(id, "open"), open); err != nil {
		return err
	}
	if len(m.Finished) > 0 {
		if err := l.rdb.Set(ctx, key(id, "finished"), m.Finished, 0).Err(); err != nil {
			return fmt.Errorf("restore finished batches: %w", err)
		}
	}
	return nil
}

// set writes pairs of name and value in commands of a bounded size, one after the other: a
// pipeline over an in-memory connection, which has no buffer, would wait for itself.
func (l *Ledger) set(ctx context.Context, hash string, pairs []any) error {
	for len(pairs) > 0 {
		n := min(len(pairs), 2*restorePairs)
		if err := l.rdb.HSet(ctx, hash, pairs[:n]...).Err(); err != nil {
			return fmt.Errorf("restore job: %w", err)
		}
		pairs = pairs[n:]
	}
	return nil
}

// fields returns the fields of the job's hash, as name and value by turns.
func (m Memory) fields() ([]any, error) {
	t := m.Job.Tally
	counters, once := Commit{Tally: t, Stats: m.Job.Stats}.fields()
	fields := append(counters, once...)
	fields = append(fields, "read", t.Read, "rejected", t.Rejected, "filtered", m.Job.Filtered, "batches", m.Job.Batches, "finished_batches", m.finished(), "through", m.Job.Through,
		"base_ok", t.OK, "base_noop", t.Noop, "base_failed", t.Failed, "base_in_doubt", t.InDoubt)
	if m.Job.CanaryOver {
		fields = append(fields, canaryField, 0)
	}
	if !m.Job.Started.IsZero() {
		fields = append(fields, "started", m.Job.Started.UnixMilli())
	}
	for i, e := range m.Job.Events {
		event, err := json.Marshal(e)
		if err != nil {
			return nil, fmt.Errorf("encode event: %w", err)
		}
		fields = append(fields, "events", i+1, eventField+strconv.Itoa(i+1), event)
	}
	if len(m.Job.Inputs) > 0 {
		inputs, err := json.Marshal(m.Job.Inputs)
		if err != nil {
			return nil, fmt.Errorf("encode inputs: %w", err)
		}
		fields = append(fields, "inputs", inputs)
	}
	return fields, nil
}

func (m Memory) finished() (n int) {
	for _, b := range m.Finished {
		n += bits.OnesCount8(b)
	}
	return n
}

// Finished returns a function that tells whether a batch was finished when Finished was called.
func (l *Ledger) Finished(ctx context.Context, id string) (func(batch int64) bool, error) {
	data, err := l.rdb.Get(ctx, key(id, "finished")).Bytes()
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("read finished batches: %w", err)
	}
	return func(batch int64) bool {
		i := batch / 8
		return i < int64(len(data)) && data[i]&(0x80>>(batch%8)) != 0
	}, nil
}

// Count is Note for a caller that keeps the rows itself that are not queued: it only counts them. It tells
// whether n was beyond the last note.
func (l *Ledger) Count(ctx context.Context, id string, n Note) (bool, error) {
	beyond, err := noteScript.Run(ctx, l.rdb, []string{key(id), key(id, "outcomes")},
		n.Read, n.Batches, len(n.Rejected), "", "", n.Through, len(n.Filtered), "", "", 0).Bool()
	if err != nil {
		return false, fmt.Errorf("note rows read: %w", err)
	}
	return beyond, nil
}
