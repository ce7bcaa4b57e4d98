package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/runbook"
	"github.com/sunbulk/sunbulk/internal/runs"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
	"github.com/sunbulk/sunbulk/worker"
)

// beginRun queues the first step of a run.
func beginRun(ctx context.Context, c *runs.Conductor, r runs.Run, files *input.Files) error {
	err := c.Start(ctx, r, files)
	switch refusal, refused := errors.AsType[*runs.Refusal](err); {
	case refused:
		return &exitError{exitPaused, errors.New("nothing was begun: " + refusal.Reason), exceedHint}
	case err != nil && ctx.Err() != nil:
		return &exitError{exitInterrupted, fmt.Errorf("interrupted while beginning run %s", r.ID), "'sunbulk runbook start' with --resume " + r.ID + " goes on"}
	}
	return err
}

// runOnRedis begins a run on a real Redis and works it, beside any workers, until it ends, stands or is
// interrupted.
func (p *program) runOnRedis(ctx context.Context, o runbookRunOptions, r runs.Run, files *input.Files, api *sunco.API, log *slog.Logger) error {
	st, err := p.openStore(ctx, o.redis)
	if err != nil {
		return err
	}
	defer st.Close()
	apis := map[string]*sunco.API{r.Runbook.App: api}
	c := runs.New(st.rdb, st.codec, runs.Config{Name: service.ProcessName(), Apps: []string{r.Runbook.App}, Note: p.note, Logger: log})
	if o.exceed {
		r.Exceed = 1
	}
	if err := st.refuseTwin(ctx, r, o.book.allowDuplicates); err != nil {
		return err
	}
	if err := beginRun(p.drain, c, r, files); err != nil {
		return err
	}
	w := worker.New(st.rdb, st.codec, worker.Config{Name: service.ProcessName(), APIs: apis, Concurrency: o.concurrency, Logger: log})
	defer context.AfterFunc(p.drain, w.Drain)()
	v, err := p.followRun(ctx, st, c, w, r.ID)
	if err != nil && p.drain.Err() == nil {
		return err
	}
	if p.drain.Err() != nil {
		return &exitError{exitInterrupted, fmt.Errorf("run %s is interrupted", r.ID), "'sunbulk worker' goes on with it"}
	}
	if err := p.showRun(ctx, &v, outFolder(o.out, r.ID)); err != nil {
		return err
	}
	switch reason := v.Paused(); {
	case runbook.IsCapReason(v.Run.Reason) && reason != "":
		return &exitError{exitPaused, fmt.Errorf("run %s is paused by a %s", r.ID, reason), "look whether that is meant; 'sunbulk runbook resume " + r.ID + " --exceed-caps' goes on, by a worker"}
	case reason != "":
		return &exitError{exitPaused, fmt.Errorf("run %s is paused: %s", r.ID, reason), "mend the cause, then 'sunbulk runbook resume " + r.ID + "'; a worker goes on"}
	case !v.Clean():
		return &exitError{code: exitNotAllOK}
	}
	return nil
}

// followRun works the steps of a run one after the other, and returns how it stands at the end.
func (p *program) followRun(ctx context.Context, st *store, c *runs.Conductor, w *worker.Worker, id string) (service.RunView, error) {
	const look = 200 * time.Millisecond
	for {
		if err := c.Move(p.drain, id); err != nil {
			return service.RunView{}, err
		}
		v, err := st.Run(ctx, id)
		if err != nil || v.Run.State.Ended() || v.Paused() != "" || p.drain.Err() != nil {
			return v, err
		}
		if n := len(v.Jobs); n == v.Run.Step+1 && v.Jobs[n-1].State == jobs.Running {
			p.tellStep(&v.Run, v.Run.Step)
			progress := p.watch(ctx, v.Jobs[n-1].ID, st.Service, nil)
			err := w.Serve(ctx, v.Jobs[n-1].ID)
			progress.stop()
			if err != nil {
				return v, err
			}
			continue
		}
		select {
		case <-p.drain.Done():
		case <-time.After(look):
		}
	}
}
