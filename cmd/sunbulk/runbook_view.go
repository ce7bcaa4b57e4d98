package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"text/tabwriter"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/report"
	"github.com/sunbulk/sunbulk/internal/runbook"
	"github.com/sunbulk/sunbulk/internal/runs"
	"github.com/sunbulk/sunbulk/jobs"
)

// runView is a run with the jobs of the steps that were begun, wherever they are kept.
type runView struct {
	run  runs.Run
	jobs []jobs.Job
	src  []report.Source // of each job
}

// runView reads a run from Redis.
func (s *store) runView(ctx context.Context, id string) (runView, error) {
	r, err := runs.NewStore(s.rdb).Run(ctx, id)
	if err != nil {
		return runView{}, err
	}
	v := runView{run: r}
	for i := range r.Runbook.Steps {
		job, err := s.ledger.Job(ctx, r.Job(i))
		if errors.Is(err, ledger.ErrNoJob) {
			break
		}
		if err != nil {
			return v, err
		}
		v.jobs, v.src = append(v.jobs, job), append(v.src, s.source(job))
	}
	return v, nil
}

// paused returns why the run makes no calls, "" when it does or has ended.
func (v *runView) paused() string {
	if v.run.State == jobs.Paused {
		return v.run.Reason
	}
	if n := len(v.jobs); v.run.State == jobs.Running && n > 0 && v.jobs[n-1].State == jobs.Paused {
		return "job " + v.jobs[n-1].ID + " is paused: " + v.jobs[n-1].Reason
	}
	return ""
}

// rows is how many rows the input had, as far as it was read.
func (v *runView) rows() int64 {
	if len(v.jobs) == 0 {
		return v.run.Rows
	}
	return v.jobs[0].AllRead()
}

func (v *runView) summary() report.RunSummary {
	s := report.RunSummary{
		Run: v.run.ID, Runbook: v.run.Runbook.Name, Schedule: v.run.Schedule, App: v.run.Runbook.App, State: v.run.State, Reason: v.run.Reason,
		Rows: v.rows(), Created: v.run.Created, Ended: v.run.Ended,
	}
	s.Fingerprint = v.run.Fingerprint
	s.Simulated = len(v.jobs) > 0 && v.jobs[0].Options.Simulated
	if reason := v.paused(); reason != "" {
		s.State, s.Reason = jobs.Paused, reason
	}
	for i, step := range v.run.Runbook.Steps {
		row := report.RunStep{Name: step.Name, Op: step.Op, Job: v.run.Job(i)}
		if i < len(v.jobs) {
			job := v.jobs[i]
			row.State, row.Reason, row.Rows, row.Filtered = job.State, job.Reason, job.Tally, job.Filtered
			row.Passed = v.passed(i)
		}
		s.Steps = append(s.Steps, row)
	}
	return s
}

// passed is how many records of a step the one behind it has taken.
func (v *runView) passed(step int) int64 {
	switch last := len(v.run.Runbook.Steps) - 1; {
	case step == last:
		return v.jobs[step].Tally.OK + v.jobs[step].Tally.Noop - v.jobs[step].Filtered
	case step+1 < len(v.jobs):
		return v.jobs[step+1].AllRead()
	}
	return 0
}

// clean tells whether every row that was called is ok or noop, in all steps.
func (v *runView) clean() bool {
	for _, job := range v.jobs {
		if !job.Tally.Clean() {
			return false
		}
	}
	return v.run.State == jobs.Finished
}

// write makes the report of the run: that of each step in a folder of its own, and how far each row came.
func (v *runView) write(ctx context.Context, dir string) (report.RunSummary, error) {
	for i := range v.jobs {
		src, _, err := reportSource(v.jobs[i], v.src[i])
		if err != nil {
			return report.RunSummary{}, err
		}
		if _, err := report.Write(ctx, v.folder(dir, i), v.jobs[i], src); err != nil {
			return report.RunSummary{}, fmt.Errorf("write report of step %s: %w", v.run.Runbook.Steps[i].Name, err)
		}
	}
	summary := v.summary()
	ends, err := v.ends(ctx, summary.Steps)
	if err != nil {
		return report.RunSummary{}, err
	}
	return report.WriteRun(ctx, dir, summary, ends)
}

// folder is where the report of a step goes.
func (v *runView) folder(dir string, step int) string {
	return filepath.Join(dir, fmt.Sprintf("%d-%s", step+1, v.run.Runbook.Steps[step].Name))
}

// ends gives the end of every row, and counts for each step the clients that could not be judged.
func (v *runView) ends(ctx context.Context, counts []report.RunStep) (iter.Seq2[report.End, error], error) {
	flow, err := v.run.Flow()
	if err != nil {
		return nil, err
	}
	steps := make([]runbook.Reached, len(v.jobs))
	for i, job := range v.jobs {
		steps[i] = runbook.Reached{Job: job, Outcomes: v.src[i].Chunks(ctx), Queued: v.src[i].Rows(ctx), Unjudged: func(why string) {
			counts[i].Unjudged++
			counts[i].Why = cmp.Or(counts[i].Why, why)
		}}
	}
	return flow.Ends(steps), nil
}

// tellStep says at which step a run is.
func (p *program) tellStep(r *runs.Run, step int) {
	if !p.quiet {
		fmt.Fprintf(p.screen, "step %d of %d: %s\n", step+1, len(r.Runbook.Steps), r.Runbook.Steps[step].Name)
	}
}

// describeRun says what became of a run, for people: a line for each step.
func describeRun(w io.Writer, s report.RunSummary) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "STEP\tOP\tROWS\tOK\tNOOP\tFAILED\tREJECTED\tIN DOUBT\tOPEN\tWENT ON\tSTATE\t")
	for i, step := range s.Steps {
		n := step.Rows
		state := string(step.State)
		if state == "" {
			state = "–"
		}
		fmt.Fprintf(t, "%d %s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", i+1, step.Name, step.Op, group(n.Read), group(n.OK), group(n.Noop),
			group(n.Failed), group(n.Rejected), group(n.InDoubt), group(n.Unprocessed), group(step.Passed), state)
	}
	_ = t.Flush() // a person's screen
	for _, step := range s.Steps {
		if step.Unjudged > 0 {
			fmt.Fprintf(w, "warning: step %s: %s of its clients could not be judged by where, and did not go on: %s\n", step.Name, group(step.Unjudged), step.Why)
		}
	}
	line := fmt.Sprintf("run %s of %s is %s", s.Run, s.Runbook, s.State)
	if s.Reason != "" {
		line += ": " + s.Reason
	}
	fmt.Fprintln(w, line)
}

// showRun writes the report of a run to a folder, and says what became of it.
func (p *program) showRun(ctx context.Context, v *runView, out string) error {
	summary, err := v.write(ctx, out)
	if err != nil && !errors.Is(err, report.ErrSum) {
		return cannotRun(fmt.Errorf("write report: %w", err), "check --out and the space on the disk")
	}
	if p.json {
		if err := p.writeJSON(summary); err != nil {
			return err
		}
	}
	if !p.quiet {
		describeRun(p.screen, summary)
		fmt.Fprintf(p.screen, "report: %s\n", out)
	}
	return err
}
