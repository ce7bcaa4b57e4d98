package worker

import (
	"context"
	"sync"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
)

// window keeps a job's calls in the time that its schedule allows. Every call asks it, so it reads the
// schedule only when the time that it last found open is over.
type window struct {
	schedule jobs.Schedule

	mu            sync.Mutex
	asked, closes time.Time // open from the one to the other
	neverCloses   bool
}

// open tells whether a call may start now. A clock that was set back is before what is known.
func (w *window) open(now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.neverCloses || !now.Before(w.asked) && now.Before(w.closes) {
		return true
	}
	closes, open := w.schedule.OpenUntil(now)
	w.asked, w.closes, w.neverCloses = now, closes, open && closes.IsZero()
	return open
}

// stand waits until the job is paused, as watch does once its window has closed, or for a moment.
func (s *server) stand() {
	select {
	case <-s.soft.Done():
	case <-time.After(pollInterval):
	}
}

// reopen resumes a job that waits for its window when that is open, and else waits a moment.
func (w *Worker) reopen(ctx context.Context, job jobs.Job) error {
	if reason := job.Options.Unclear(); reason != "" {
		return w.ledger.Pause(ctx, job.ID, "", jobs.PauseNoTimezone, reason)
	}
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
