package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/jobs"
)

// jobStatus is how a job goes on, for people.
type jobStatus struct{ service.Status }

func (s jobStatus) write(w io.Writer, now time.Time) error {
	printf(w, "job %s is %s", s.Job, s.State)
	if s.Reason != "" {
		printf(w, ": %s", s.Reason)
	}
	printf(w, "\napp %s, created %s\n", s.App, s.Times.Created.Local().Format(time.DateTime))
	if o := s.Origin; o.Run != "" {
		printf(w, "step %d, %s, of run %s of %s\n", o.Place, o.Step, o.Run, o.Runbook)
	}
	describeSum(w, s.Summary)
	describeLinks(w, s.Summary, howToFollow(s.Job))
	if s.Origin.Run == "" {
		describeWebhook(w, s.App, s.Webhook, now)
	}
	if s.Calls.Total > 0 {
		if s.State.Ended() {
			printf(w, "calls/s %s over the run\n", callRate(s.CallsPerSecond.Run))
		} else {
			printf(w, "calls/s %s now, %s over the run; in flight %s\n", callRate(s.CallsPerSecond.Now), callRate(s.CallsPerSecond.Run), group(s.InFlight))
		}
		printf(w, "latency p50 %s, p95 %s, p99 %s\n", s.latency(0.50), s.latency(0.95), s.latency(0.99))
	}
	if s.Pace != nil && s.Pace.Jobs > 0 {
		printf(w, "pace %s\n", s.Pace)
	}
	if s.Pace != nil {
		describeOverride(w, *s.Pace)
	}
	if s.Canary != "" {
		printf(w, "%s\n", s.Canary)
	}
	for _, reason := range s.Slow {
		if s.Pace == nil || reason != s.Pace.String() {
			printf(w, "%s\n", reason)
		}
	}
	if s.ETA != nil {
		printf(w, "time left %s\n", between(s.ETA.Low, s.ETA.High))
	}
	if err := s.writeWorkers(w, now); err != nil {
		return err
	}
	describeCauses(w, s.Causes, true)
	describeInputs(w, s.Inputs)
	describeRollbacks(w, s.Rollbacks)
	if s.State == jobs.Finished && s.Rows.Unprocessed > 0 {
		printf(w, "%s without an outcome although the job is finished: Redis has lost what became of them\nhint: %s\n", jobs.Count(s.Rows.Unprocessed, "row"), s.mendHint("looks for them at the API before it sends anything"))
	}
	if s.Lost > 0 {
		printf(w, "%s lost: not finished, and in no queue\nhint: %s\n", jobs.Count(s.Lost, "batch"), s.mendHint("queues what is lost again"))
	}
	return nil
}

// mendHint says what to do about rows that Redis has lost.
func (s jobStatus) mendHint(does string) string {
	if s.Resumable {
		return "'sunbulk enqueue FILE… --resume " + s.Job + "' with the job's files " + does
	}
	hint := "its input cannot be read again: a list of the users in unprocessed.csv of its report shows what was done"
	if !s.State.Ended() {
		hint += "; 'sunbulk cancel " + s.Job + "' ends it"
	}
	return hint
}

// describeRollbacks says when the job's Redis went back. What people did in that time may be lost as well.
func describeRollbacks(w io.Writer, rollbacks []jobs.Rollback) {
	for _, r := range rollbacks {
		printf(w, "%s %s\n", r.At.Local().Format(time.DateTime), r)
	}
	if len(rollbacks) > 0 {
		printf(w, "%s\n", "hint: a pause, resume, cancel or rate of that time may be lost, too: check the state and repeat it")
	}
}

// describeOverride says that somebody has set the rate of an app, and how it is left to the jobs again.
func describeOverride(w io.Writer, s service.Pace) {
	if s.Set != nil {
		printf(w, "the rate of app %s, %s, was %s\nhint: 'sunbulk rate %s auto' leaves it to the jobs' own --rate\n", s.App, s.Override, s.Set, s.App)
	}
}

func (s jobStatus) writeWorkers(out io.Writer, now time.Time) error {
	if len(s.Workers) == 0 {
		return nil
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "WORKER\tPID\tFOR\tIN FLIGHT\tCALLS/S\tSHARE\tDOING")
	for _, v := range s.Workers {
		printf(w, "%s\t%d\t%s\t%d\t%s\t%.0f%%\t%s\n", v.Host, v.PID, roundTime(now.Sub(v.Since).Seconds()), v.InFlight, callRate(v.CallsPerSecond), 100*v.Share, v.Doing)
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
func (s jobStatus) latency(q float64) time.Duration {
	d := s.LatencyMs.Quantile(q)
	if d < 10*time.Millisecond {
		return d.Round(100 * time.Microsecond)
	}
	return d.Round(time.Millisecond)
}
