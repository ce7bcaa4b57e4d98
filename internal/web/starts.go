package web

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/sunbulk/sunbulk/internal/plans"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/internal/uploads"
)

// starts are the jobs and runs whose rows this console queues.
type starts struct {
	mu  sync.Mutex
	all map[string]string // ids by plan
}

// begin creates the job or the run of a plan, or finds it, and queues what is missing of it in the background.
func (s *Server) begin(ctx context.Context, p plans.Plan, by service.By) (id string, err error) {
	s.starts.mu.Lock()
	defer s.starts.mu.Unlock()
	if id, queuing := s.starts.all[p.ID]; queuing {
		return id, nil
	}
	if _, err := s.Uploads.Get(p.Upload); errors.Is(err, uploads.ErrNone) && p.Started == nil {
		return "", &service.NotFound{Kind: "upload", ID: p.Upload}
	}
	id, queue, err := s.create(ctx, p, by)
	if err != nil || queue == nil {
		return id, err
	}
	if s.starts.all == nil {
		s.starts.all = map[string]string{}
	}
	s.starts.all[p.ID] = id
	s.working.Go(func() {
		if err := queue(s.ctx); err != nil && s.ctx.Err() == nil {
			s.Logger.Error("rows are not queued to their end", "plan", p.ID, "started", id, "error", err)
		}
		s.starts.mu.Lock()
		defer s.starts.mu.Unlock()
		delete(s.starts.all, p.ID)
	})
	return id, nil
}

// create makes the job or the run of a plan, or finds it, and returns what queues its rows; nil = all are queued.
func (s *Server) create(ctx context.Context, p plans.Plan, by service.By) (id string, queue func(context.Context) error, err error) {
	o := service.StartOrder{Plan: p.ID, Files: s.kept(p.Name, p.Upload), Approval: s.Approval, By: by}
	if p.Runbook != nil {
		id, run, err := s.Service.StartPlannedRun(ctx, o)
		if err != nil || run == nil {
			return id, nil, err
		}
		return id, run.Queue, nil
	}
	job, sub, err := s.Service.Start(ctx, o)
	if err != nil || sub == nil {
		return job.ID, nil, err
	}
	return job.ID, func(ctx context.Context) error {
		defer sub.Close()
		return sub.Queue(ctx)
	}, nil
}

// unfinished tells whether rows of a plan that was started are still to be queued.
func (s *Server) unfinished(p plans.Plan) bool {
	if p.Runbook != nil {
		v, err := s.Service.Run(s.ctx, p.Job)
		return err == nil && !v.Run.State.Ended() && (len(v.Jobs) == 0 || !v.Jobs[0].Sealed)
	}
	job, err := s.Service.Job(s.ctx, p.Job)
	return err == nil && !job.Sealed && !job.State.Ended()
}

// goOn queues what is missing of the jobs and runs that a console began and did not queue to their ends. Another process that queues
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
			if p.Started == nil || !s.unfinished(p) {
				continue
			}
			if _, err := s.Uploads.Get(p.Upload); err != nil {
				continue // another console has it
			}
			if _, err := s.begin(s.ctx, p, service.By{Who: p.Started.Who}); err != nil && s.ctx.Err() == nil {
				s.Logger.Error("rows are not queued further", "plan", p.ID, "started", p.Job, "error", err)
			}
		}
	}
}
