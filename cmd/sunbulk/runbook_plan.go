package main

import (
	"context"
	"fmt"
	"io"
	"runtime/debug"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/plan"
	"github.com/sunbulk/sunbulk/internal/runbook"
	"github.com/sunbulk/sunbulk/internal/runs"
	"github.com/sunbulk/sunbulk/jobs"
)

// runbookPlanOptions are the flags of runbook plan.
type runbookPlanOptions struct {
	book   runbookFlags
	access accessFlags
	check  bool
}

func (p *program) runbookPlanCommand() *cobra.Command {
	var o runbookPlanOptions
	cmd := &cobra.Command{
		Use:   "plan FILE",
		Short: "What a runbook would do with its input; changes nothing",
		Long: `Plan reads the whole input and counts what the first step would do with it: rows, rejected rows, calls, and the
time that they take. How many rows go on is for the API to say.

With --check it asks the API, in 30 GETs at most: about the credentials and the app, and, where the first step is
a list, for the clients of 20 rows drawn from all over the input. It takes what they find through where and the
values of the next step, shows the first rows that come out, and tells how many rows and calls that makes.`,
		Example: `  sunbulk runbook plan migrate.yaml --input users.csv
  sunbulk runbook plan migrate.yaml --check --var new=5f1a0c52d8b7e4000c3a9e02`,
		Args: needRunbook,
		RunE: func(_ *cobra.Command, args []string) error {
			return p.orInterrupted(p.planRunbook(p.drain, o, args[0]))
		},
	}
	f := cmd.Flags()
	o.book.register(f)
	o.access.register(f, &p.allowHTTP)
	f.BoolVar(&o.check, "check", false, "ask the API about credentials, app, and some users, whatever the window says")
	simulateFlag(f, &o.access.simulate)
	return cmd
}

// plannedRunbook is a runbook in numbers, before it runs.
type plannedRunbook struct {
	Runbook string         `json:"runbook"`
	Input   plan.Plan      `json:"input"` // what the first step would do
	Steps   []plannedStep  `json:"steps"`
	Calls   int64          `json:"calls"` // of all steps; of the first alone where Open
	Seconds float64        `json:"seconds"`
	Open    bool           `json:"open"` // how many rows go on is for the API to say
	Caps    string         `json:"caps,omitempty"`
	Numbers []plan.Number  `json:"numbers,omitempty"` // of some rows, as they are sent
	Sample  *trial         `json:"sample,omitempty"`
	Check   *plan.Findings `json:"check,omitempty"`
}

// plannedStep is one step of it.
type plannedStep struct {
	Name  string  `json:"name"`
	Op    jobs.Op `json:"op"`
	Rows  int64   `json:"rows"`  // at most, or about so many by a sample; 0 where Open
	Calls int64   `json:"calls"` // for them
	Open  bool    `json:"open"`
}

func (p *program) planRunbook(ctx context.Context, o runbookPlanOptions, name string) error {
	flow, files, err := p.openRunbook(o.book, o.access.simulate, name)
	if err != nil {
		return err
	}
	r := runs.Run{Runbook: flow.Runbook, Vars: flow.Vars, Created: time.Now()}
	opt, err := r.Options(0)
	if err != nil {
		return err
	}
	var c *plan.Checker
	if o.check {
		var stop func()
		if c, stop, err = newChecker(ctx, &o.access, opt); err != nil {
			return err
		}
		defer stop()
	}
	defer debug.SetGCPercent(debug.SetGCPercent(percentWithInput))
	src, err := r.Files(ctx, files, p.note)
	if err != nil {
		return err
	}
	defer src.Close()
	made := plannedRunbook{Runbook: flow.Name, Input: plan.Make(src.Records(ctx), opt)}
	if err := ctx.Err(); err != nil {
		return err
	}
	made.Input.Inputs, made.Numbers = src.Inputs(), made.Input.Numbers()
	if c != nil {
		if err := made.ask(ctx, c, &r); err != nil {
			return err
		}
	}
	made.count(flow, opt)
	return p.showPlannedRunbook(made)
}

// ask draws a sample where the first step is a list, and else asks about the rows themselves.
func (m *plannedRunbook) ask(ctx context.Context, c *plan.Checker, r *runs.Run) (err error) {
	if r.Runbook.Steps[0].Op.Finds() && len(r.Runbook.Steps) > 1 {
		m.Sample, err = try(ctx, c, r, m.Input.Drawn)
	} else {
		c.Rows(ctx, m.Input)
	}
	m.Check = &c.Findings
	return err
}

// count says how many rows each step would have, as far as that is known.
func (m *plannedRunbook) count(flow *runbook.Flow, opt jobs.Options) {
	rows := m.Input.Rows - m.Input.Rejected - m.Input.Filtered
	var removes int64
	for i, s := range flow.Steps {
		if i > 0 && flow.Steps[i-1].Op.Finds() {
			m.Open = m.Open || m.Sample == nil || i > 1
			rows = m.Sample.scale(rows)
		}
		step := plannedStep{Name: s.Name, Op: s.Op, Open: m.Open}
		if !m.Open {
			step.Rows, step.Calls = rows, rows*s.Op.Calls()
			if s.Op.Removes() {
				removes += rows
			}
		}
		m.Calls += step.Calls
		m.Steps = append(m.Steps, step)
	}
	if rate := opt.Allowed(); rate > 0 {
		m.Seconds = float64(max(0, m.Calls-int64(opt.Burst))) / rate
	}
	if m.Caps = flow.Caps.Input(m.Input.Rows, 0); m.Caps == "" && !m.Open {
		m.Caps = flow.Caps.Removes(removes, m.Input.Rows)
	}
}

func (p *program) showPlannedRunbook(m plannedRunbook) error {
	if p.json {
		if err := p.writeJSON(m); err != nil {
			return err
		}
	} else if err := m.write(p.stdout); err != nil {
		return err
	}
	if m.Input.Rejected > 0 || m.Caps != "" || m.Check.Problems() || m.Sample != nil && m.Sample.Rejected > 0 {
		return end(exitNotAllOK)
	}
	return nil
}

func (m *plannedRunbook) write(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	printf(w, "rows of input\t%s\n", group(m.Input.Rows))
	printf(w, "rejected\t%s\n", group(m.Input.Rejected))
	if m.Input.Filtered > 0 {
		printf(w, "left out by where\t%s\n", group(m.Input.Filtered))
	}
	fmt.Fprint(w, "\nSTEP\tNAME\tOP\tROWS\tCALLS\n")
	for i, s := range m.Steps {
		rows, calls := m.about(i)+group(s.Rows), m.about(i)+group(s.Calls)
		if s.Open {
			rows, calls = "a client each", "–"
		}
		printf(w, "%d\t%s\t%s\t%s\t%s\n", i+1, s.Name, s.Op, rows, calls)
	}
	fmt.Fprintln(w)
	if m.Seconds > 0 {
		of := ""
		if m.Open {
			of = " of the first step"
		}
		printf(w, "time of %s%s%s\t%s\n", m.about(len(m.Steps)-1), jobs.Count(m.Calls, "call"), of, upToSecond(time.Duration(m.Seconds*float64(time.Second))))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	writeNumbers(out, m.Numbers)
	writeRejections(out, m.Input.Rejections)
	writeWarnings(out, m.Input.Warnings)
	if m.Sample != nil {
		m.Sample.write(out, m.Steps[1].Op)
	}
	if m.Check != nil {
		writeFindings(out, m.Check.Findings)
	}
	if m.Caps != "" {
		printf(out, "problem: %s\n", m.Caps)
	}
	return nil
}

// about stands before numbers of a step that are no exact ones.
func (m *plannedRunbook) about(step int) string {
	switch {
	case step == 0 || m.Open:
		return ""
	case m.Sample != nil:
		return "about "
	}
	return "up to "
}
