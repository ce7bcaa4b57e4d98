package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"github.com/sunbulk/sunbulk/internal/report"
	"github.com/sunbulk/sunbulk/internal/runs"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/jobs"
)

// tellStep says at which step a run is.
func (p *program) tellStep(r *runs.Run, step int) {
	if !p.quiet {
		printf(p.screen, "step %d of %d: %s\n", step+1, len(r.Runbook.Steps), r.Runbook.Steps[step].Name)
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
		printf(t, "%d %s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", i+1, step.Name, step.Op, group(n.Read), group(n.OK), group(n.Noop),
			group(n.Failed), group(n.Rejected), group(n.InDoubt), group(n.Unprocessed), group(step.Passed), state)
	}
	_ = t.Flush() // a person's screen
	for _, step := range s.Steps {
		if step.Unjudged > 0 {
			printf(w, "warning: step %s: %s of its clients could not be judged by where, and did not go on: %s\n", step.Name, group(step.Unjudged), step.Why)
		}
	}
	line := fmt.Sprintf("run %s of %s is %s", s.Run, s.Runbook, s.State)
	if s.Reason != "" {
		line += ": " + s.Reason
	}
	printf(w, "%s\n", line)
}

// wrongRun tells whether a run came to anything that a person must see.
func wrongRun(s report.RunSummary) bool {
	return s.State != jobs.Finished || s.Missing > 0 || slices.ContainsFunc(s.Steps, func(step report.RunStep) bool {
		return !step.Rows.Clean() || step.Unjudged > 0
	})
}

// showRun writes the report of a run to a folder, and says what became of it.
func (p *program) showRun(ctx context.Context, v *service.RunView, out string) error {
	summary, err := v.Write(ctx, out)
	if err != nil && !errors.Is(err, report.ErrSum) {
		return err
	}
	if p.json {
		if err := p.writeJSON(summary); err != nil {
			return err
		}
	}
	if !p.quiet || wrongRun(summary) {
		describeRun(p.screen, summary)
		printf(p.screen, "report: %s\n", out)
	}
	return err
}
