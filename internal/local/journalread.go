package local

import (
	"context"
	"iter"

	"github.com/sunbulk/sunbulk/jobs"
)

// Chunks yields every chunk of outcomes and rejected rows that was committed before the call, in
// the order of the commits, from the journal.
func (l *Ledger) Chunks(ctx context.Context, id string) iter.Seq2[jobs.Chunk, error] {
	return l.codec.Chunks(l.reread(ctx, id, record.chunk))
}

// Attempts yields every attempt that was committed before the call, in the order of the commits,
// from the journal.
func (l *Ledger) Attempts(ctx context.Context, id string) iter.Seq2[jobs.Attempt, error] {
	return l.codec.Attempts(l.reread(ctx, id, record.attempts))
}

// reread yields what part gives of each line of the journal, where it gives something. It ends at
// its first error.
func (l *Ledger) reread(ctx context.Context, id string, part func(record) []byte) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		if err := l.sync(id); err != nil {
			yield(nil, err)
			return
		}
		for line, err := range lines(l.journal.written()) {
			if err == nil {
				err = ctx.Err()
			}
			var data []byte
			if err == nil && line.number > 1 {
				data, err = partOf(line, part)
			}
			if err == nil && data == nil {
				continue
			}
			if !yield(data, err) || err != nil {
				return
			}
		}
	}
}

func partOf(l line, part func(record) []byte) ([]byte, error) {
	r, err := decodeRecord(l.data)
	if err != nil {
		return nil, &LineError{l.number, err}
	}
	return part(r), nil
}
