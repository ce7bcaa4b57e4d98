package ledger

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/jobs"
)

var (
	//go:embed find.lua
	findLua string

	findScript = redis.NewScript(findLua)
)

// Trace is what the ledger knows of one row.
type Trace struct {
	Outcome   *jobs.Outcome   // nil while the row has none, and when it was rejected
	Rejection *jobs.Rejection // nil unless it was rejected
	Attempts  []jobs.Attempt  // that were kept, in their order
	Batch     int64           // -1 when neither outcome nor attempts tell it
}

// Trace finds what there is of a row. Redis looks through the spans of all chunks, and only those
// that may hold the row are read.
func (l *Ledger) Trace(ctx context.Context, id string, row int64) (Trace, error) {
	t := Trace{Batch: -1}
	for data, err := range l.find(ctx, key(id, "attempts"), row) {
		if err != nil {
			return t, err
		}
		batch, attempts, err := l.codec.DecodeAttempts(data)
		if err != nil {
			return t, err
		}
		for _, a := range attempts {
			if a.Row == row {
				t.Attempts, t.Batch = append(t.Attempts, a), batch
			}
		}
	}
	for data, err := range l.find(ctx, key(id, "outcomes"), row) {
		if err != nil {
			return t, err
		}
		chunk, err := l.codec.DecodeChunk(data)
		if err != nil {
			return t, err
		}
		for i := range chunk.Outcomes {
			if chunk.Outcomes[i].Row.Number == row {
				t.Outcome, t.Batch = &chunk.Outcomes[i], chunk.Batch
				return t, nil
			}
		}
		for i := range chunk.Rejections {
			if chunk.Rejections[i].Number == row {
				t.Rejection = &chunk.Rejections[i]
				return t, nil
			}
		}
	}
	return t, nil
}

// find yields the chunks of a stream that may hold a row, encoded. It ends at its first error.
func (l *Ledger) find(ctx context.Context, stream string, row int64) iter.Seq2[[]byte, error] {
	const page = 1000 // entries that Redis looks at in one go, some milliseconds
	return func(yield func([]byte, error) bool) {
		for from := "-"; ; {
			reply, err := findScript.Run(ctx, l.rdb, []string{stream}, row, from, page).Slice()
			if err == nil && len(reply) == 0 {
				err = errors.New("empty reply")
			}
			if err != nil {
				yield(nil, fmt.Errorf("find row %d: %w", row, err))
				return
			}
			for _, data := range reply[1:] {
				if !yield([]byte(text(data)), nil) {
					return
				}
			}
			last := text(reply[0])
			if last == "" {
				return
			}
			from = "(" + last
		}
	}
}

// Opened returns what is known of a batch that was opened and is not finished; false for any other.
func (l *Ledger) Opened(ctx context.Context, id string, batch int64) (OpenBatch, bool, error) {
	entry, err := l.rdb.HGet(ctx, key(id, "open"), strconv.FormatInt(batch, 10)).Result()
	if errors.Is(err, redis.Nil) {
		return OpenBatch{}, false, nil
	}
	if err != nil {
		return OpenBatch{}, false, fmt.Errorf("read batch %d: %w", batch, err)
	}
	b, ok := parseOpen(entry)
	if !ok {
		return b, false, fmt.Errorf("read batch %d: it has too few parts", batch)
	}
	return b, true, nil
}

// parseOpen reads an entry that open.lua writes: fence, dirty, since, sequence, worker, progress.
func parseOpen(entry string) (b OpenBatch, ok bool) {
	const parts = 6
	f := strings.SplitN(entry, ":", parts)
	if len(f) != parts {
		return b, false
	}
	return OpenBatch{Fence: number(f[0]), Dirty: f[1] != "0", Since: time.UnixMilli(number(f[2])).UTC(), Worker: jobs.Line(f[4]), Progress: jobs.Progress(f[5])}, true
}

// Held returns the open batches of a job that a worker holds, by number. Those that were given back, and entries that cannot be read, are left out.
func (l *Ledger) Held(ctx context.Context, id string) (map[int64]OpenBatch, error) {
	entries, err := l.rdb.HGetAll(ctx, key(id, "open")).Result()
	if err != nil {
		return nil, fmt.Errorf("read open batches: %w", err)
	}
	held := map[int64]OpenBatch{}
	for batch, entry := range entries {
		n, err := strconv.ParseInt(batch, 10, 64)
		if b, ok := parseOpen(entry); ok && err == nil && b.Worker != "" {
			held[n] = b
		}
	}
	return held, nil
}
