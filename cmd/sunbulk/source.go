package main

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/queue"
	"github.com/sunbulk/sunbulk/internal/report"
	"github.com/sunbulk/sunbulk/jobs"
)

// source is what a report of a job is made from: outcomes where they are kept, and the queue for
// the rows that have none.
type source struct {
	job      jobs.Job
	outcomes outcomes
	ledger   *ledger.Ledger
	queues   *queue.Queues
}

// outcomes is where they are kept: the ledger, or the journal of an embedded run.
type outcomes interface {
	Chunks(ctx context.Context, id string) iter.Seq2[jobs.Chunk, error]
	Attempts(ctx context.Context, id string) iter.Seq2[jobs.Attempt, error]
}

var _ report.Source = source{}

func (s *session) source(job jobs.Job) source {
	return source{job, s.memory, s.ledger, s.queues}
}

func (s *store) source(job jobs.Job) source {
	return source{job, s.ledger, s.ledger, s.queues}
}

// Chunks yields all outcomes.
func (s source) Chunks(ctx context.Context) iter.Seq2[jobs.Chunk, error] {
	return s.outcomes.Chunks(ctx, s.job.ID)
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
			for _, row := range batch.Rows {
				if !yield(row, ctx.Err()) {
					return
				}
			}
		}
	}
}

// reportSource is the source without the clients that the job's filter leaves out; filter is nil when it
// has none.
func reportSource(job jobs.Job, src report.Source) (report.Source, *filteredSource, error) {
	filter, err := newFilteredSource(job, src)
	if filter == nil || err != nil {
		return src, nil, err
	}
	return filter, filter, nil
}

// report writes a job's report folder and says what it holds.
func (p *program) report(ctx context.Context, out string, job jobs.Job, src report.Source) error {
	src, filter, err := reportSource(job, src)
	if err != nil {
		return err
	}
	summary, err := report.Write(ctx, out, job, src)
	if err != nil && summary.Job == "" {
		return cannotRun(fmt.Errorf("write report: %w", err), "check --out and the space on the disk")
	}
	if p.json {
		if err := p.writeJSON(summary); err != nil {
			return err
		}
	}
	if job.Sealed && job.Options.Run == "" {
		p.warnOfNothing(summary.Rows.Read)
	}
	if !p.quiet {
		describe(p.screen, summary)
		if filter != nil {
			filter.describe(p.screen)
		}
		fmt.Fprintf(p.screen, "report: %s\n", out)
	}
	return err
}
