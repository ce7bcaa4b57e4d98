package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/runs"
	"github.com/sunbulk/sunbulk/jobs"
)

func (p *program) forgetCommand() *cobra.Command {
	var (
		redis string
		older time.Duration
	)
	cmd := &cobra.Command{
		Use:   "forget ID…",
		Short: "Drop jobs and runs that have ended from Redis, with all their outcomes",
		Long: `Forget drops what Redis knows of jobs, and of runs of runbooks with all of their jobs, that have ended: write
their reports before. Their inputs may be queued again. With --older-than it drops all that ended longer ago.

Runs that schedules began are dropped by workers 90 days after their end.`,
		Example: `  sunbulk forget 20261122-153012-k3f9
  sunbulk forget --older-than 720h`,
		Args: func(_ *cobra.Command, args []string) error {
			if (len(args) == 0) == (older == 0) {
				return usage("either ids or --older-than is needed", "'sunbulk jobs' and 'sunbulk runbook status' list what there is")
			}
			for _, id := range args {
				if err := jobs.CheckID(id); err != nil {
					return usage(err.Error(), "'sunbulk jobs' lists the jobs")
				}
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return p.forget(p.drain, redis, args, older) },
	}
	redisFlag(cmd.Flags(), &redis, redisMeaning)
	cmd.Flags().DurationVar(&older, "older-than", 0, "all that ended longer ago, e.g. 720h")
	cmd.Flags().Lookup("older-than").Annotations = map[string][]string{commandLineOnly: nil}
	return cmd
}

func (p *program) forget(ctx context.Context, redis string, ids []string, older time.Duration) error {
	if older < 0 {
		return usage(fmt.Sprintf("--older-than: %s is negative", older), "")
	}
	st, err := p.openStore(ctx, redis)
	if err != nil {
		return err
	}
	defer st.Close()
	f := forgetter{st, runs.New(st.rdb, st.codec, runs.Config{Name: processName()})}
	if older > 0 {
		if ids, err = f.endedBefore(ctx, time.Now().Add(-older)); err != nil {
			return err
		}
	}
	for _, id := range ids {
		if err := f.forget(ctx, id); err != nil {
			return err
		}
		fmt.Fprintf(p.screen, "forgot %s\n", id)
	}
	return nil
}

// forgetter drops jobs and runs.
type forgetter struct {
	*store
	conductor *runs.Conductor
}

// forget drops a run with its jobs, or a job that is of none.
func (f forgetter) forget(ctx context.Context, id string) error {
	r, err := f.conductor.Store.Run(ctx, id)
	if err == nil {
		return f.conductor.Forget(ctx, r)
	}
	if !errors.Is(err, runs.ErrNoRun) {
		return err
	}
	job, err := f.ledger.Job(ctx, id)
	if err != nil {
		return err
	}
	if run := job.Options.Run; run != "" {
		return usage(fmt.Sprintf("job %s is a step of run %s", id, run), "'sunbulk forget "+run+"' drops the run with all of its jobs")
	}
	if err := f.ledger.Forget(ctx, id); err != nil {
		return err
	}
	return f.queues.Drop(ctx, id)
}

// endedBefore returns the runs that ended before a time, and the jobs that are of none, the newest first.
func (f forgetter) endedBefore(ctx context.Context, end time.Time) ([]string, error) {
	var old []string
	all, err := f.conductor.IDs(ctx)
	if err != nil {
		return nil, err
	}
	for _, id := range all {
		r, err := f.conductor.Store.Run(ctx, id)
		if err != nil {
			return nil, err
		}
		if r.State.Ended() && r.Ended.Before(end) {
			old = append(old, id)
		}
	}
	if all, err = f.ledger.IDs(ctx); err != nil {
		return nil, err
	}
	for _, id := range all {
		job, err := f.ledger.Job(ctx, id)
		if errors.Is(err, ledger.ErrNoJob) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if job.State.Ended() && job.Options.Run == "" && job.Finished.Before(end) {
			old = append(old, id)
		}
	}
	return old, nil
}
