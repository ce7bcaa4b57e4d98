package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/jobs"
)

func (p *program) statusCommand() *cobra.Command {
	var (
		redis string
		watch bool
	)
	cmd := &cobra.Command{
		Use:   "status JOB",
		Short: "One job: progress, pace and why it is slow, errors by cause",
		Example: `  sunbulk status 20261122-153012-k3f9
  sunbulk status 20261122-153012-k3f9 --watch
  sunbulk status 20261122-153012-k3f9 --json | jq .rows`,
		Args: needJob,
		RunE: func(_ *cobra.Command, args []string) error {
			return p.withRedis(redis, func(ctx context.Context, s *service.Service) error { return p.status(ctx, s, args[0], watch) })
		},
	}
	redisFlag(cmd.Flags(), &redis, redisMeaning)
	cmd.Flags().BoolVar(&watch, "watch", false, "show progress until the job ends or pauses")
	return cmd
}

func needJob(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usage("give one job id", "'sunbulk jobs' lists the jobs")
	}
	if err := jobs.CheckID(args[0]); err != nil {
		return usage(err.Error(), "'sunbulk jobs' lists the jobs")
	}
	return nil
}

func (p *program) status(ctx context.Context, s *service.Service, id string, watch bool) error {
	if watch {
		if err := p.follow(ctx, s, id); err != nil {
			return err
		}
	}
	status, job, err := s.Status(ctx, id)
	if err != nil {
		return err
	}
	if p.json {
		return p.writeJSON(status)
	}
	if err := (jobStatus{status}).write(p.stdout, time.Now()); err != nil {
		return err
	}
	if job.CanaryFailed() {
		printf(p.stdout, "%s\n", "hint: "+lookFirst(job))
	}
	if !job.Abandoned.IsZero() {
		fmt.Fprintln(p.stdout, abandonment(job.Abandoned)+"\nhint: "+adoption(job))
	}
	return nil
}

// follow shows the progress of a job until it ends or pauses. Ctrl-C is how watching ends.
func (p *program) follow(ctx context.Context, s *service.Service, id string) error {
	now, err := s.Snapshot(ctx, id)
	if err != nil {
		return err
	}
	p.showAtOnce(now)
	progress := p.watch(ctx, id, s, nil)
	defer progress.stop()
	for job := now.Job; !job.State.Ended() && job.State != jobs.Paused; {
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
			job, err = s.Job(ctx, id)
		}
		if ctx.Err() != nil {
			return end(exitInterrupted)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// showAtOnce shows where a job stands, for the first line of progress comes late where there is no terminal.
func (p *program) showAtOnce(now service.Snapshot) {
	if p.quiet || p.screen.Live() {
		return
	}
	text := fmt.Sprintf("job %s is %s", now.Job.ID, now.Job.State)
	if now.Workers == 0 && (now.Job.State == jobs.Running || now.Job.State == jobs.Enqueuing) {
		text += ", and no worker serves it"
	}
	printf(p.screen, "%s\n", text)
	fmt.Fprintln(p.screen, fit((&progress{screen: p.screen}).parts(now), p.screen.Width()))
}
