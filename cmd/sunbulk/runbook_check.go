package main

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/report"
	"github.com/sunbulk/sunbulk/internal/runbook"
	"github.com/sunbulk/sunbulk/internal/schedule"
	"github.com/sunbulk/sunbulk/jobs"
)

func (p *program) runbookCheckCommand() *cobra.Command {
	var o runbookFlags
	cmd := &cobra.Command{
		Use:   "check FILE",
		Short: "Check a runbook, and show its steps and what the first would do; sends nothing",
		Long: `Check reads a runbook and its variables, says all that is wrong with them, with line and column, and shows
the steps as they would be done: an expression stands for a value that depends on the row or on what the
API answers. Where the input can be read, it shows what the first step would do with its first rows.
It needs no credentials and sends nothing.`,
		Example: `  sunbulk runbook check migrate.yaml --var new=5f1a0c52d8b7e4000c3a9e02
  sunbulk runbook check cleanup.yaml --input users.csv --json`,
		Args: needRunbook,
		RunE: func(_ *cobra.Command, args []string) error {
			return p.orInterrupted(p.runbookCheck(p.drain, o, args[0]))
		},
	}
	o.register(cmd.Flags())
	return cmd
}

func (p *program) runbookCheck(ctx context.Context, o runbookFlags, name string) error {
	flow, err := o.open(name)
	if err != nil {
		return err
	}
	checked := checkedRunbook{Runbook: flow.Runbook, Vars: flow.Vars}
	for i := range flow.Steps {
		step, err := checkStep(flow, i)
		if err != nil {
			return err
		}
		checked.Steps = append(checked.Steps, step)
	}
	if flow.Schedule != nil {
		if checked.NextSlot, err = nextSlot(flow.Runbook, time.Now()); err != nil {
			return err
		}
	}
	checked.Rows, err = p.firstRows(ctx, flow)
	if unreadable(err) && len(o.input) == 0 {
		printf(p.screen, "note: the input cannot be read here: %v\n", err)
	} else if err != nil {
		return err
	}
	if p.json {
		return p.writeJSON(checked)
	}
	return checked.write(p.stdout)
}

// checkedRunbook is what check shows of a runbook. Its steps are as they would be done.
type checkedRunbook struct {
	*runbook.Runbook
	Vars     map[string]string `json:"vars,omitempty"`
	Steps    []checkedStep     `json:"steps"`
	NextSlot time.Time         `json:"nextSlot,omitzero"`
	Rows     []checkedRow      `json:"rows,omitempty"` // the first of the input
}

// checkedStep is one step, with what it has from the runbook and from the steps before.
type checkedStep struct {
	Name    string            `json:"name"`
	Op      jobs.Op           `json:"op"`
	Where   string            `json:"where,omitempty"`
	Set     map[string]string `json:"set,omitempty"` // path → constant, or the expression that computes it
	Options report.Options    `json:"options"`
}

// checkedRow is what the first step would do with a row: call it with values, or not.
type checkedRow struct {
	Row      int64             `json:"row"`
	Line     int64             `json:"line"`
	User     string            `json:"user,omitempty"`
	Values   map[string]string `json:"values,omitempty"` // path → value of what the operation reads, but the user
	LeftOut  bool              `json:"leftOut,omitempty"`
	Rejected string            `json:"rejected,omitempty"` // why
}

func checkStep(flow *runbook.Flow, i int) (checkedStep, error) {
	s := flow.Runbook.Steps[i]
	opt, err := flow.Options(i)
	step := checkedStep{Name: s.Name, Op: s.Op, Where: s.Where, Set: map[string]string{}, Options: report.Options{Options: opt}}
	for _, v := range flow.Config(i).Set {
		if v.Path != "op" {
			step.Set[v.Path] = v.Value
		}
	}
	return step, err
}

// nextSlot checks the timetable of a runbook that has one.
func nextSlot(book *runbook.Runbook, now time.Time) (time.Time, error) {
	t, err := schedule.Parse(book)
	if err != nil {
		return time.Time{}, err
	}
	slot, _ := t.Next(now)
	return slot, t.Check(now)
}

// mostRows is how many rows of the input a check shows.
const mostRows = 3

// firstRows reads the start of the input. A pipe is left to the run.
func (p *program) firstRows(ctx context.Context, flow *runbook.Flow) ([]checkedRow, error) {
	files, err := input.Finder{AllowHTTP: p.allowHTTP}.Find(ctx, flow.Input)
	if err != nil || len(flow.Input) == 0 || files.Pipe() != "" {
		return nil, err
	}
	cfg := flow.Config(0)
	cfg.Warn = p.note
	reader, err := input.Open(ctx, files, cfg)
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	var rows []checkedRow
	for r := range reader.Records() {
		if rows = append(rows, checkRow(r.Row, r.Refused())); len(rows) == mostRows {
			break
		}
	}
	return rows, ctx.Err()
}

func checkRow(row jobs.Row, rejection *jobs.Rejection) checkedRow {
	if rejection != nil && !rejection.Filtered {
		return checkedRow{Row: rejection.Number, Line: rejection.Line, Rejected: strings.TrimSpace(rejection.Column + " " + rejection.Cause)}
	}
	checked := checkedRow{Row: row.Number, Line: row.Line, User: row.User, Values: map[string]string{}, LeftOut: rejection != nil}
	for _, c := range jobs.Columns() {
		if value := *c.Field(&row); value != "" && c.Path != "user" {
			checked.Values[c.Path] = value
		}
	}
	return checked
}

// unreadable tells whether an input is not there, or not there for whoever checks: that is no fault
// of the runbook.
func unreadable(err error) bool {
	e, ok := errors.AsType[*input.Error](err)
	return ok && e.Unavailable || errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission)
}
