package runs

import (
	"context"
	"fmt"
	"iter"

	"github.com/sunbulk/sunbulk/enqueue"
	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/runbook"
	"github.com/sunbulk/sunbulk/jobs"
)

// Source is what the rows of a step are made from: the files of the run, or what came through the step
// before. It is read once.
type Source struct {
	reader  *input.Reader    // nil behind the first step
	passage *runbook.Passage // nil for the first step
	from    string           // the job before
}

// Files opens the input of a run for its first step. Note hears what is odd about it; nil = nobody does.
func (r *Run) Files(ctx context.Context, files *input.Files, note func(string)) (*Source, error) {
	flow, err := r.Flow()
	if err != nil {
		return nil, err
	}
	cfg := flow.Config(0)
	cfg.Warn = note
	reader, err := input.Open(ctx, files, cfg)
	if err != nil {
		return nil, err
	}
	reader.At(r.Created)
	return &Source{reader: reader}, nil
}

// Behind opens what came through the finished job of the step before, from 1, for a step.
func (r *Run) Behind(step int, before jobs.Job, outcomes iter.Seq2[jobs.Chunk, error]) (*Source, error) {
	flow, err := r.Flow()
	if err != nil {
		return nil, err
	}
	passage, err := flow.Passage(step, before, outcomes, r.Created)
	if err != nil {
		return nil, err
	}
	return &Source{passage: passage, from: before.ID}, nil
}

// Records gives the rows until ctx ends.
func (s *Source) Records(ctx context.Context) enqueue.Records {
	if s.passage == nil {
		return s.reader.Rows(ctx)
	}
	return func(yield func(jobs.Row, *jobs.Rejection) bool) {
		for row, rejection := range s.passage.Records() {
			if ctx.Err() != nil || !yield(row, rejection) {
				return
			}
		}
	}
}

// Progress is the stored bytes read so far and in all, of files; nothing is known of others.
func (s *Source) Progress() (read, total int64) {
	if s.reader == nil {
		return 0, 0
	}
	return s.reader.Progress()
}

// Err is why the reading of outcomes ended early.
func (s *Source) Err() error {
	if s.passage == nil || s.passage.Err == nil {
		return nil
	}
	return fmt.Errorf("read outcomes of job %s: %w", s.from, s.passage.Err)
}

// Inputs tells what was read.
func (s *Source) Inputs() []jobs.Input {
	if s.passage == nil {
		return s.reader.Inputs()
	}
	return []jobs.Input{{Name: "what came through job " + s.from, Format: jobs.InputOfJob, FirstRow: 1, Rows: s.passage.Read, Error: s.passage.Stuck()}}
}

// Unjudged reports found clients that the where of the step before could not judge.
func (s *Source) Unjudged() (u runbook.Unjudged) {
	if s.passage != nil {
		u = s.passage.Unjudged
	}
	return u
}

// Close closes files that are still open.
func (s *Source) Close() {
	if s.reader != nil {
		s.reader.Close()
	}
}
