package worker

import (
	"context"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
)

// dormant tells whether a paused job goes on by itself.
func dormant(job jobs.Job) bool {
	return job.Options.Window != "" && job.Reason == job.Options.OutsideWindow()
}

// reopen resumes a dormant job when its window is open, and else waits a moment.
func (w *Worker) reopen(ctx context.Context, job jobs.Job) error {
	if job.Options.Open(time.Now()) {
		if err := w.queues.Resume(job.ID); err != nil {
			return err
		}
		w.cfg.Logger.Info("resuming job: its window is open", "job", job.ID)
		return w.ledger.Resume(ctx, job.ID, "", "the window is open")
	}
	select {
	case <-ctx.Done():
	case <-w.drain.Done():
	case <-time.After(pollInterval):
	}
	return nil
}
