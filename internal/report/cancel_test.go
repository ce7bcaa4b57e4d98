package report

import (
	"context"
	"errors"
	"iter"
	"testing"

	"github.com/sunbulk/sunbulk/jobs"
)

// cancelSource cancels the report at its chunk number at, or at its end when it has fewer, and
// counts the chunks that were taken.
type cancelSource struct {
	cancel    context.CancelFunc
	chunks    int
	at, taken int
}

func (c *cancelSource) Chunks(context.Context) iter.Seq2[jobs.Chunk, error] {
	return func(yield func(jobs.Chunk, error) bool) {
		for c.taken < c.chunks {
			if c.taken++; c.taken == c.at {
				c.cancel()
			}
			if !yield(outcomes(jobs.Failed, int64(c.taken)), nil) {
				return
			}
		}
	}
}

func (c *cancelSource) Attempts(context.Context) iter.Seq2[jobs.Attempt, error] {
	return sequence[jobs.Attempt](nil, nil)
}

func (c *cancelSource) Rows(context.Context) iter.Seq2[jobs.Row, error] {
	return func(func(jobs.Row, error) bool) {
		if c.at > c.chunks {
			c.cancel()
		}
	}
}

func TestWriteStopsWhenCancelled(t *testing.T) {
	job := testJob(jobs.Running, jobs.Tally{Read: 1000, Unprocessed: 1000})
	for _, at := range []int{500, 1001} {
		ctx, cancel := context.WithCancel(t.Context())
		dir := t.TempDir()
		src := &cancelSource{cancel: cancel, chunks: 1000, at: at}
		if _, err := writeTo(ctx, dir, job, src); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled at %d: got error %v, want %v", at, err, context.Canceled)
		}
		if got, want := src.taken, min(at, 1000); got != want {
			t.Errorf("cancelled at %d: got %d chunks taken, want %d", at, got, want)
		}
		if got := files(t, dir); len(got) > 0 {
			t.Errorf("cancelled at %d: got files %v, want none", at, got)
		}
	}
}
