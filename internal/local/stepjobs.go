package local

import (
	"context"
	"iter"
	"time"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/report"
	"github.com/sunbulk/sunbulk/internal/runs"
	"github.com/sunbulk/sunbulk/jobs"
)

// stepJobs are the jobs of a run, as its conductor knows them: a job is there when its journal is. What journals do not keep is the
// ledger's.
type stepJobs struct {
	*ledger.Ledger
	run  *Run
	work func(reading context.Context, rows *runs.Rows, job *Job) error
}

var _ runs.Jobs = (*stepJobs)(nil)

// Job returns the job of a step, which it takes up from the journal that an earlier process has left.
func (s *stepJobs) Job(ctx context.Context, id string) (jobs.Job, error) {
	if next := len(s.run.jobs); next < len(s.run.Run.Runbook.Steps) && id == s.run.Run.Job(next) {
		folder := s.run.Folder(s.run.Dir, next)
		_, there, err := Peek(folder)
		if err != nil {
			return jobs.Job{}, inFolder(folder, err)
		}
		if there {
			if err := s.open(ctx, next); err != nil {
				return jobs.Job{}, err
			}
		}
	}
	return s.Ledger.Job(ctx, id)
}

// Create begins the journal of the next step's job.
func (s *stepJobs) Create(ctx context.Context, _ jobs.Job) error { return s.open(ctx, len(s.run.jobs)) }

// open begins the job of a step, or continues the one whose journal is in the step's folder.
func (s *stepJobs) open(ctx context.Context, step int) error {
	r := s.run
	head, err := r.head(step)
	if err != nil {
		return err
	}
	if r.Out == nil {
		if r.Out, err = report.Open(r.Dir, r.Run.ID); err != nil {
			return inFolder(r.Dir, err)
		}
	}
	j, err := r.open(ctx, r.candidate(step, head), r.order.Note)
	if err != nil {
		return err
	}
	job, err := j.Now(ctx)
	r.jobs, r.Steps = append(r.jobs, j), append(r.Steps, j.folder)
	r.Jobs, r.Sources = append(r.Jobs, job), append(r.Sources, j.source(job))
	return err
}

// journal is that of a job.
func (s *stepJobs) journal(id string) *Ledger {
	for _, j := range s.run.jobs {
		if j.ID == id {
			return j.journal
		}
	}
	return nil
}

// Seal is that of the journal.
func (s *stepJobs) Seal(ctx context.Context, id string, inputs []jobs.Input, now time.Time) error {
	return s.journal(id).Seal(ctx, id, inputs, now)
}

// Chunks are those of the journal.
func (s *stepJobs) Chunks(ctx context.Context, id string) iter.Seq2[jobs.Chunk, error] {
	return s.journal(id).Chunks(ctx, id)
}

// Queue queues the rows and makes their calls at the same time.
func (s *stepJobs) Queue(ctx context.Context, rows *runs.Rows) error {
	job := s.run.jobs[rows.Step]
	job.Progress = rows.Source.Progress
	return s.work(ctx, rows, job)
}
