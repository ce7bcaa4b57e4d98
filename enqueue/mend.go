package enqueue

import (
	"context"

	"github.com/sunbulk/sunbulk/jobs"
)

// Mending queues finished batches again that have rows without an outcome: Redis has lost these.
type Mending struct {
	Finished func(batch int64) bool // before Settled was known
	Settled  func(row int64) bool   // tells whether a row has its outcome
	Reopen   func(ctx context.Context, batch int64, p jobs.Progress) error
}

// reopens makes a finished batch an open one where rows of it have no outcome, and tells whether it did.
func (m *Mending) reopens(ctx context.Context, b jobs.Batch) (bool, error) {
	if m == nil || !m.Finished(b.Number) {
		return false, nil
	}
	p := jobs.NewProgress(len(b.Rows))
	for i, row := range b.Rows {
		if m.Settled(row.Number) {
			p.Finish(i)
		}
	}
	if p.Finished() {
		return false, nil
	}
	return true, m.Reopen(ctx, b.Number, p)
}
