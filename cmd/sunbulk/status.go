package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

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
		RunE: func(_ *cobra.Command, args []string) error { return p.status(p.drain, redis, args[0], watch) },
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

func (p *program) status(ctx context.Context, redis, id string, watch bool) error {
	st, err := p.openStore(ctx, redis)
	if err != nil {
		return err
	}
	defer st.Close()
	job, err := st.ledger.Job(ctx, id)
	if err != nil {
		return err
	}
	if watch {
		if job, err = p.follow(ctx, st, job); err != nil {
			return err
		}
	}
	s, err := standingOf(ctx, st, job)
	if err != nil {
		return err
	}
	if p.json {
		return p.writeJSON(s)
	}
	fmt.Fprintf(p.stdout, "job %s is %s", s.Job, s.State)
	if s.Reason != "" {
		fmt.Fprintf(p.stdout, ": %s", s.Reason)
	}
	fmt.Fprintf(p.stdout, "\napp %s, created %s\n", s.App, s.Times.Created.Local().Format(time.DateTime))
	if s.Pace != nil && s.Pace.Jobs > 0 {
		fmt.Fprintf(p.stdout, "pace %s\n", s.Pace)
		if text := deadline(job, *s.Pace, time.Now()); text != "" {
			fmt.Fprintln(p.stdout, text)
		}
	}
	if s.Canary != "" {
		fmt.Fprintln(p.stdout, s.Canary)
	}
	describe(p.stdout, s.Summary)
	if job.CanaryFailed() {
		fmt.Fprintln(p.stdout, "hint: "+lookFirst(job))
	}
	if s.Lost > 0 {
		fmt.Fprintf(p.stdout, "%s batches are not finished and in no queue\nhint: 'sunbulk enqueue FILE… --resume %s' with the job's files queues them again\n", group(s.Lost), s.Job)
	}
	return nil
}

// follow shows the progress of a job until it ends, pauses, or ctx does.
func (p *program) follow(ctx context.Context, st *store, job jobs.Job) (jobs.Job, error) {
	progress := p.watch(ctx, job.ID, st, nil)
	defer progress.stop()
	for !job.State.Ended() && job.State != jobs.Paused {
		select {
		case <-ctx.Done():
			return job, nil
		case <-time.After(time.Second):
		}
		var err error
		if job, err = st.ledger.Job(ctx, job.ID); err != nil {
			return job, err
		}
	}
	return job, nil
}
