package ledger

import (
	"context"
	"fmt"
	"iter"

	"github.com/sunbulk/sunbulk/jobs"
)

// span is the rows that an entry of a stream is about, the first and the last. It is how one row is
// found without decoding all others.
type span struct{ first, last int64 }

func (s span) String() string { return fmt.Sprintf("%d-%d", s.first, s.last) }

// spanOf returns the span of records, of which there is at least one.
func spanOf[T any](records []T, row func(*T) int64) span {
	s := span{row(&records[0]), row(&records[0])}
	for i := range records {
		n := row(&records[i])
		s.first, s.last = min(s.first, n), max(s.last, n)
	}
	return s
}

// Chunks yields every chunk of outcomes in the order of their commits, a few at a time.
func (l *Ledger) Chunks(ctx context.Context, id string) iter.Seq2[jobs.Chunk, error] {
	return l.codec.Chunks(l.stream(ctx, key(id, "outcomes")))
}

// Attempts yields every attempt that was committed, in the order of the commits.
func (l *Ledger) Attempts(ctx context.Context, id string) iter.Seq2[jobs.Attempt, error] {
	return l.codec.Attempts(l.stream(ctx, key(id, "attempts")))
}

// stream yields the chunks of a stream, encoded. It ends at its first error.
func (l *Ledger) stream(ctx context.Context, name string) iter.Seq2[[]byte, error] {
	const page = 100
	return func(yield func([]byte, error) bool) {
		for from := "-"; ; {
			entries, err := l.rdb.XRangeN(ctx, name, from, "+", page).Result()
			if err != nil {
				yield(nil, fmt.Errorf("read %s: %w", name, err))
				return
			}
			for _, e := range entries {
				if !yield([]byte(text(e.Values["c"])), nil) {
					return
				}
			}
			if len(entries) < page {
				return
			}
			from = "(" + entries[len(entries)-1].ID
		}
	}
}
