package web

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/sunbulk/sunbulk/internal/plans"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/internal/uploads"
	"github.com/sunbulk/sunbulk/jobs"
)

// starts are the jobs whose rows this console queues.
type starts struct {
	mu  sync.Mutex
	all map[string]jobs.Job // by plan
}

// begin creates the job of a plan, or finds it, and queues what is missing of it in the background.
func (s *Server) begin(ctx context.Context, p plans.Plan, by service.By) (jobs.Job, error) {
	s.starts.mu.Lock()
	defer s.starts.mu.Unlock()
	if job, queuing := s.starts.all[p.ID]; queuing {
		return job, nil
	}
	if _, err := s.Uploads.Get(p.Upload); errors.Is(err, uploads.ErrNone) && p.Started == nil {
		return jobs.Job{}, &service.NotFound{Kind: "upload", ID: p.Upload}
	}
	job, sub, err := s.Service.Start(ctx, service.StartOrder{Plan: p.ID, Files: s.kept(p.Name, p.Upload), Approval: s.Approval, By: by})
	if err != nil || sub == nil {
		return job, err
	}
	if s.starts.all == nil {
		s.starts.all = map[string]jobs.Job{}
	}
	s.starts.all[p.ID] = job
	s.working.Go(func() {
		err := sub.Queue(s.ctx)
		sub.Close()
		if err != nil && s.ctx.Err() == nil {
			s.Logger.Error("job is not queued to its end", "job", job.ID, "error", err)
		}
		s.starts.mu.Lock()
		defer s.starts.mu.Unlock()
		delete(s.starts.all, p.ID)
	})
	return job, nil
}

// goOn queues what is missing of the jobs that a console began and did not queue to their ends. Another process that queues
// them is known to be gone when it has been silent for a while.
func (s *Server) goOn() {
	for _, wait := range []time.Duration{0, 5 * time.Second, 15 * time.Second, 60 * time.Second} {
		select {
		case <-s.staying.Done():
			return
		case <-time.After(wait):
		}
		all, err := s.Service.Plans(s.ctx)
		if err != nil {
			continue
		}
		for _, p := range all {
			if p.Started == nil {
				continue
			}
			job, err := s.Service.Job(s.ctx, p.Job)
			if err != nil || job.Sealed || job.State.Ended() {
				continue
			}
			if _, err := s.Uploads.Get(p.Upload); err != nil {
				continue // another console has it
			}
			if _, err := s.begin(s.ctx, p, service.By{Who: p.Started.Who}); err != nil && s.ctx.Err() == nil {
				s.Logger.Error("job is not continued", "job", p.Job, "error", err)
			}
		}
	}
}
