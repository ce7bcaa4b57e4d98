package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/jobs"
)

func (p *program) reportCommand() *cobra.Command {
	var redis, out string
	cmd := &cobra.Command{
		Use:   "report JOB",
		Short: "Write the report files",
		Long: `Report writes what became of every row of a job to a folder. It may be written while the job
runs: rows that have no outcome yet are unprocessed.`,
		Example: `  sunbulk report 20261122-153012-k3f9 --out report`,
		Args:    needJob,
		RunE:    func(_ *cobra.Command, args []string) error { return p.writeReport(p.drain, redis, out, args[0]) },
	}
	redisFlag(cmd.Flags(), &redis, redisMeaning)
	cmd.Flags().StringVar(&out, "out", "", "report folder (default sunbulk-JOB)")
	return cmd
}

func (p *program) writeReport(ctx context.Context, redis, out, id string) error {
	st, err := p.openStore(ctx, redis)
	if err != nil {
		return err
	}
	defer st.Close()
	job, err := st.ledger.Job(ctx, id)
	if err != nil {
		return err
	}
	if err := p.report(ctx, outFolder(out, id), job, st.source(job)); err != nil {
		return err
	}
	if job.State == jobs.Paused {
		return &exitError{code: exitPaused}
	}
	if job.State.Ended() {
		return result(job)
	}
	return nil
}
