package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/sunbulk/sunbulk/internal/report"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
	"github.com/sunbulk/sunbulk/worker"
)

// runOnRedis begins a run on a real Redis and works it, beside any workers, until it ends, stands or is
// interrupted.
func (p *program) runOnRedis(ctx context.Context, o runbookRunOptions, order service.RunOrder, api *sunco.API, log *slog.Logger) error {
	return p.withRedis(o.redis, func(drain context.Context, s *service.Service) error {
		begun, err := s.StartRun(drain, order)
		if err != nil {
			return err
		}
		id := begun.Run.ID
		cfg := worker.Config{Name: service.ProcessName(), APIs: map[string]*sunco.API{order.Flow.App: api}, Concurrency: o.concurrency, Replicas: o.replicas, Logger: log}
		v, err := s.WorkRun(ctx, drain, id, cfg, func(v service.RunView) (done func()) {
			p.tellStep(&v.Run, v.Run.Step)
			return p.watch(ctx, v.Run.Job(v.Run.Step), s, nil).stop
		})
		if drain.Err() != nil {
			return endWith(exitInterrupted, fmt.Errorf("run %s is interrupted", id), "'sunbulk worker' continues it")
		}
		if err != nil {
			return err
		}
		if err := p.showRun(ctx, &v, report.Dir(o.out, id)); err != nil {
			return err
		}
		return runResult(&v)
	})
}

// runResult is the exit code of a run on Redis, and what to do where it stands.
func runResult(v *service.RunView) error {
	id := v.Run.ID
	switch kind, reason := v.Paused(); {
	case kind == jobs.PauseCap:
		return endWith(exitPaused, fmt.Errorf("run %s is paused: %s", id, reason), "look whether that is meant; 'sunbulk runbook resume "+id+" --exceed-caps' goes on, by a worker")
	case kind != "":
		return endWith(exitPaused, fmt.Errorf("run %s is paused: %s", id, reason), "mend the cause, then 'sunbulk runbook resume "+id+"'; a worker goes on")
	case !v.Clean():
		return end(exitNotAllOK)
	}
	return nil
}
