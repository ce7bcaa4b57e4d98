package service

import (
	"context"
	"errors"
	"iter"

	"github.com/sunbulk/sunbulk/internal/queue"
	"github.com/sunbulk/sunbulk/internal/report"
	"github.com/sunbulk/sunbulk/jobs"
)

// source is what a report of a job is made from: outcomes where they are kept, and the queue for
// the rows that have none.
type source struct {
	*Service
	job      jobs.Job
	outcomes Outcomes
}

// Outcomes is where they are kept: the ledger, or the journal of a run in one process.
type Outcomes interface {
	Chunks(ctx context.Context, id string) iter.Seq2[jobs.Chunk, error]
	Attempts(ctx context.Context, id string) iter.Seq2[jobs.Attempt, error]
}

// Source returns what a report of a job is made from; without outcomes it takes those of the ledger.
func (s *Service) Source(job jobs.Job, outcomes Outcomes) report.Source {
	if outcomes == nil {
		outcomes = s.ledger
	}
	return source{s, job, outcomes}
}

// Chunks yields all outcomes, with what became of their links.
func (s source) Chunks(ctx context.Context) iter.Seq2[jobs.Chunk, error] {
	return s.withLinks(ctx, s.job.ID, s.outcomes.Chunks(ctx, s.job.ID))
}

// Attempts yields the calls that outcomes do not tell.
func (s source) Attempts(ctx context.Context) iter.Seq2[jobs.Attempt, error] {
	return s.outcomes.Attempts(ctx, s.job.ID)
}

// Rows yields the rows of every batch that is not finished, still queued, and can be read.
func (s source) Rows(ctx context.Context) iter.Seq2[jobs.Row, error] {
	return func(yield func(jobs.Row, error) bool) {
		unfinished, err := s.ledger.Unfinished(ctx, s.job.ID, s.job.Batches)
		if err != nil {
			yield(jobs.Row{}, err)
			return
		}
		for number, fence := range unfinished {
			batch, found, err := s.queues.Find(s.job.ID, number, fence)
			if errors.Is(err, queue.ErrUnreadable) {
				continue // its rows are unprocessed, by their numbers
			}
			if err != nil {
				yield(jobs.Row{}, err)
				return
			}
			if !found {
				continue
			}
			sent, err := s.sent(ctx, number, fence)
			if err != nil {
				yield(jobs.Row{}, err)
				return
			}
			for i, row := range batch.Rows {
				row.Sent = sent(i)
				if !yield(row, ctx.Err()) {
					return
				}
			}
		}
	}
}

// sent tells which rows of a batch may have been called without an outcome that is known. Only of a job that has ended does that matter:
// until then it settles them itself.
func (s source) sent(ctx context.Context, batch, fence int64) (func(i int) bool, error) {
	if !s.job.State.Ended() || fence == 0 {
		return func(int) bool { return false }, nil
	}
	open, _, err := s.ledger.Opened(ctx, s.job.ID, batch)
	return func(i int) bool {
		return open.Dirty || i < len(open.Progress) && (open.Progress.Done(i) || open.Progress.InDoubt(i))
	}, err
}
