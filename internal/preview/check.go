// Package preview shows what a runbook would do before it runs. It sends nothing but GETs.
package preview

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"time"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/report"
	"github.com/sunbulk/sunbulk/internal/runbook"
	"github.com/sunbulk/sunbulk/internal/schedule"
	"github.com/sunbulk/sunbulk/jobs"
)

// Checked is a runbook whose parts are sound. Its steps are as they would be done.
type Checked struct {
	*runbook.Runbook
	Vars     map[string]string `json:"vars,omitempty"`
	Steps    []CheckedStep     `json:"steps"`
	NextSlot time.Time         `json:"nextSlot,omitzero"`
	Rows     []CheckedRow      `json:"rows,omitempty"` // the first of the input
}

// CheckedStep is one step, with what it has from the runbook and from the steps before.
type CheckedStep struct {
	Name    string            `json:"name"`
	Op      jobs.Op           `json:"op"`
	Where   string            `json:"where,omitempty"`
	Set     map[string]string `json:"set,omitempty"` // path → constant, or the expression that computes it
	Options report.Options    `json:"options"`
}

// CheckedRow is what the first step would do with a row: call it with values, or not.
type CheckedRow struct {
	Row      int64             `json:"row"`
	Line     int64             `json:"line"`
	User     string            `json:"user,omitempty"`
	Values   map[string]string `json:"values,omitempty"` // path → value of what the operation reads, but the user
	LeftOut  bool              `json:"leftOut,omitempty"`
	Rejected string            `json:"rejected,omitempty"` // why
}

// Check checks the steps and the timetable of a runbook. Its errors are those of the parts.
func Check(flow *runbook.Flow, now time.Time) (Checked, error) {
	c := Checked{Runbook: flow.Runbook, Vars: flow.Vars}
	for i := range flow.Steps {
		step, err := checkStep(flow, i)
		if err != nil {
			return c, err
		}
		c.Steps = append(c.Steps, step)
	}
	if flow.Schedule == nil {
		return c, nil
	}
	var err error
	c.NextSlot, err = nextSlot(flow.Runbook, now)
	return c, err
}

func checkStep(flow *runbook.Flow, i int) (CheckedStep, error) {
	s := flow.Runbook.Steps[i]
	opt, err := flow.Options(i)
	step := CheckedStep{Name: s.Name, Op: s.Op, Where: s.Where, Set: map[string]string{}, Options: report.Options{Options: opt}}
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

// FirstRows shows what the first step would do with the first rows of the input. A pipe is left to the run.
func FirstRows(ctx context.Context, flow *runbook.Flow, finder input.Finder, warn func(string)) ([]CheckedRow, error) {
	files, err := finder.Find(ctx, flow.Input)
	if err != nil || len(flow.Input) == 0 || files.Pipe() != "" {
		return nil, err
	}
	cfg := flow.Config(0)
	cfg.Warn = warn
	reader, err := input.Open(ctx, files, cfg)
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	var rows []CheckedRow
	for r := range reader.Records() {
		if rows = append(rows, checkRow(r.Row, r.Refused())); len(rows) == mostRows {
			break
		}
	}
	return rows, ctx.Err()
}

func checkRow(row jobs.Row, rejection *jobs.Rejection) CheckedRow {
	if rejection != nil && !rejection.Filtered {
		return CheckedRow{Row: rejection.Number, Line: rejection.Line, Rejected: strings.TrimSpace(rejection.Column + " " + rejection.Cause)}
	}
	checked := CheckedRow{Row: row.Number, Line: row.Line, User: row.User, Values: map[string]string{}, LeftOut: rejection != nil}
	for _, c := range jobs.Columns() {
		if value := *c.Field(&row); value != "" && c.Path != "user" {
			checked.Values[c.Path] = value
		}
	}
	return checked
}

// Unreadable tells whether an input is not there, or not there on the machine that checks: that is no fault
// of the runbook.
func Unreadable(err error) bool {
	e, ok := errors.AsType[*input.Error](err)
	return ok && e.Unavailable || errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission)
}
