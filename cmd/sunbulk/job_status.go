package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
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
	st, job, err := p.openJob(ctx, redis, id)
	if err != nil {
		return err
	}
	defer st.Close()
	if watch {
		job, err = p.follow(ctx, st, job)
		if ctx.Err() != nil { // Ctrl-C is how watching ends
			return &exitError{code: exitInterrupted}
		}
		if err != nil {
			return err
		}
	}
	now := time.Now()
	s, err := standingOf(ctx, st, job, now)
	if err != nil {
		return err
	}
	if p.json {
		return p.writeJSON(s)
	}
	if err := s.tell(p.stdout, now); err != nil {
		return err
	}
	if job.CanaryFailed() {
		fmt.Fprintln(p.stdout, "hint: "+lookFirst(job))
	}
	if !job.Abandoned.IsZero() {
		fmt.Fprintln(p.stdout, abandonment(job.Abandoned)+"\nhint: "+adoption(job))
	}
	return nil
}

// tell writes how a job stands, for people.
func (s standing) tell(w io.Writer, now time.Time) error {
	fmt.Fprintf(w, "job %s is %s", s.Job, s.State)
	if s.Reason != "" {
		fmt.Fprintf(w, ": %s", s.Reason)
	}
	fmt.Fprintf(w, "\napp %s, created %s\n", s.App, s.Times.Created.Local().Format(time.DateTime))
	if o := s.Origin; o.Run != "" {
		fmt.Fprintf(w, "step %d, %s, of run %s of %s\n", o.Place, o.Step, o.Run, o.Runbook)
	}
	describeSum(w, s.Summary)
	if s.Calls.Total > 0 {
		if s.State.Ended() {
			fmt.Fprintf(w, "calls/s %s over the run\n", callRate(s.CallsPerSecond.Run))
		} else {
			fmt.Fprintf(w, "calls/s %s now, %s over the run; in flight %s\n", callRate(s.CallsPerSecond.Now), callRate(s.CallsPerSecond.Run), group(s.InFlight))
		}
		fmt.Fprintf(w, "latency p50 %s, p95 %s, p99 %s\n", s.latency(0.50), s.latency(0.95), s.latency(0.99))
	}
	if s.Pace != nil && s.Pace.Jobs > 0 {
		fmt.Fprintf(w, "pace %s\n", s.Pace)
	}
	if s.Canary != "" {
		fmt.Fprintln(w, s.Canary)
	}
	for _, reason := range s.Slow {
		if s.Pace == nil || reason != s.Pace.String() {
			fmt.Fprintln(w, reason)
		}
	}
	if s.ETA != nil {
		fmt.Fprintf(w, "time left %s\n", between(s.ETA.Low, s.ETA.High))
	}
	if err := s.tellWorkers(w, now); err != nil {
		return err
	}
	describeCauses(w, s.Causes, true)
	describeInputs(w, s.Inputs)
	if s.Lost > 0 {
		fmt.Fprintf(w, "%s batches are not finished and in no queue\nhint: 'sunbulk enqueue FILE… --resume %s' with the job's files queues them again\n", group(s.Lost), s.Job)
	}
	return nil
}

func (s standing) tellWorkers(out io.Writer, now time.Time) error {
	if len(s.Workers) == 0 {
		return nil
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "WORKER\tPID\tFOR\tIN FLIGHT\tCALLS/S\tSHARE\tDOING")
	for _, v := range s.Workers {
		fmt.Fprintf(w, "%s\t%d\t%s\t%d\t%s\t%.0f%%\t%s\n", v.Host, v.PID, roundTime(now.Sub(v.Since).Seconds()), v.InFlight, callRate(v.CallsPerSecond), 100*v.Share, v.Doing)
	}
	return w.Flush()
}

// callRate writes calls per second with three digits, or whole.
func callRate(perSecond float64) string {
	if perSecond >= 100 {
		return group(int64(perSecond + 0.5))
	}
	return fmt.Sprintf("%.3g", perSecond)
}

// latency is a quantile of the times of answered calls.
func (s standing) latency(q float64) time.Duration {
	d := s.LatencyMs.Quantile(q)
	if d < 10*time.Millisecond {
		return d.Round(100 * time.Microsecond)
	}
	return d.Round(time.Millisecond)
}

// follow shows the progress of a job until it ends, pauses, or ctx does.
func (p *program) follow(ctx context.Context, st *store, job jobs.Job) (jobs.Job, error) {
	if err := p.tellAtOnce(ctx, st, job); err != nil {
		return job, err
	}
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

// tellAtOnce shows where a job stands, for the first line of progress comes late where there is no terminal.
func (p *program) tellAtOnce(ctx context.Context, st *store, job jobs.Job) error {
	if p.quiet || p.screen.live() {
		return nil
	}
	m, err := st.moment(ctx, job.ID)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("job %s is %s", job.ID, m.job.State)
	if len(m.workers) == 0 && (m.job.State == jobs.Running || m.job.State == jobs.Enqueuing) {
		text += ", and no worker serves it"
	}
	fmt.Fprintln(p.screen, text)
	fmt.Fprintln(p.screen, fit((&progress{screen: p.screen}).parts(m), p.screen.width()))
	return nil
}
