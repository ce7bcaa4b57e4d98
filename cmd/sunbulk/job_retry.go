package main

import (
	"cmp"
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/enqueue"
	"github.com/sunbulk/sunbulk/jobs"
)

func (p *program) retryCommand() *cobra.Command {
	var (
		redis, cause string
		again        bool
	)
	cmd := &cobra.Command{
		Use:   "retry JOB",
		Short: "A new job from the failed rows of one",
		Long: `Retry queues the failed rows of a job that has ended as a new job with the same options, and
prints its id on stdout. Rows in doubt are not among them: look at in_doubt.csv first.

Each row is taken once: without --cause, rows of causes that were retried before are left out. After an
interruption the same command goes on with the same job.`,
		Example: `  sunbulk retry 20261122-153012-k3f9
  sunbulk retry 20261122-153012-k3f9 --cause user_not_found`,
		Args: needJob,
		RunE: func(_ *cobra.Command, args []string) error { return p.retry(p.drain, redis, args[0], cause, again) },
	}
	redisFlag(cmd.Flags(), &redis, redisMeaning)
	cmd.Flags().StringVar(&cause, "cause", "", "only rows with this error code, as status names it")
	cmd.Flags().BoolVar(&again, "allow-duplicates", false, "also rows that an earlier retry took")
	return cmd
}

func (p *program) retry(ctx context.Context, redis, id, cause string, again bool) error {
	st, err := p.openStore(ctx, redis)
	if err != nil {
		return err
	}
	defer st.Close()
	job, err := st.Job(ctx, id)
	if err != nil {
		return err
	}
	if !job.State.Ended() {
		return usage(fmt.Sprintf("job %s is %s", id, job.State), "its failed rows can be run again when it has ended")
	}
	f := &failedRows{store: st, Retry: jobs.Retry{Of: id, Cause: cause}}
	if cause == "" && !again && job.Retries[""] == "" {
		f.leaveOut(job)
	}
	// The counters tell most jobs that have none, without their outcomes being read.
	_, known := job.Stats.Causes[cause]
	if job.Tally.Failed == 0 || cause != "" && !known || !f.any(ctx) {
		return cmp.Or(f.err, noFailedRows(f.Retry))
	}
	s, err := p.beginRetry(ctx, f, job.Options, again)
	if err != nil {
		return err
	}
	if canary := job.Options.Canary; canary.Rows > 0 {
		s.canary = enqueue.Pick(f.rows(ctx), canary.Rows)
	}
	return p.queue(ctx, s, f.rows(ctx), f.inputs)
}

// noFailedRows is the error of a retry for which there are none.
func noFailedRows(r jobs.Retry) error {
	what := "failed rows"
	if r.Cause != "" {
		what += " of cause " + r.Cause
	}
	if len(r.Without) > 0 {
		what += " that no earlier retry took"
	}
	return usage(fmt.Sprintf("job %s has no %s", r.Of, what), "'sunbulk status "+r.Of+"' lists the causes")
}

// failedRows are the rows of a job that failed, numbered anew.
type failedRows struct {
	*store
	jobs.Retry
	read int64
	err  error // that ended the reading
}

func (f *failedRows) any(ctx context.Context) bool {
	for range f.rows(ctx) {
		return true
	}
	return false
}

func (f *failedRows) rows(ctx context.Context) func(yield func(jobs.Row, *jobs.Rejection) bool) {
	return func(yield func(jobs.Row, *jobs.Rejection) bool) {
		f.read = 0
		for chunk, err := range f.ledger.Chunks(ctx, f.Of) {
			if err != nil {
				f.err = err
				return
			}
			for _, o := range chunk.Outcomes {
				if o.Kind != jobs.Failed || !f.Holds(o.ErrorCode) {
					continue
				}
				f.read++
				o.Row.Number, o.Row.Carry = f.read, ""
				if !yield(o.Row, nil) {
					return
				}
			}
		}
	}
}

func (f *failedRows) inputs() []jobs.Input {
	in := jobs.Input{Name: "failed rows of job " + f.Of, Format: "job", FirstRow: 1, Rows: f.read}
	if f.err != nil {
		in.Error = f.err.Error()
	}
	return []jobs.Input{in}
}
