package service

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sunbulk/sunbulk/internal/audit"
	"github.com/sunbulk/sunbulk/internal/plan"
	"github.com/sunbulk/sunbulk/internal/plans"
	"github.com/sunbulk/sunbulk/internal/preview"
	"github.com/sunbulk/sunbulk/internal/runbook"
	"github.com/sunbulk/sunbulk/internal/runs"
	"github.com/sunbulk/sunbulk/jobs"
)

// RunbookOrder asks for a plan of a run. Of the options of its PlanOrder only Simulated counts, and of Read only AllowDuplicates.
type RunbookOrder struct {
	PlanOrder
	File string // of the runbook, for people
	Flow *runbook.Flow
}

// PlanRunbook counts what a run would do, and keeps that. Its errors: *runbook.Error, those of input.Open, *Conflict.
func (s *Service) PlanRunbook(ctx context.Context, o RunbookOrder) (plans.Plan, error) {
	text, err := o.Flow.Text(false)
	if err != nil {
		return plans.Plan{}, err
	}
	var vars strings.Builder
	for _, name := range slices.Sorted(maps.Keys(o.Flow.Vars)) {
		fmt.Fprintf(&vars, "%q=%q ", name, o.Flow.Vars[name])
	}
	p, before, err := s.newPlan(ctx, o.PlanOrder, fmt.Sprintf("runbook %s %s %s %t %t", o.Upload, text, vars.String(), o.Read.AllowDuplicates, o.Check != nil))
	if before || err != nil {
		return p, err
	}
	p.Read.AllowDuplicates = o.Read.AllowDuplicates
	r := runs.Run{ID: p.Job, Runbook: o.Flow.Runbook, Vars: o.Flow.Vars, Simulated: o.Options.Simulated, Created: p.Created}
	if p.Options, err = r.Options(0); err != nil {
		return p, err
	}
	made, err := planFlow(ctx, &r, o)
	if err != nil {
		return p, err
	}
	p.Made, p.Check = made.Input, made.Check
	p.Runbook = &plans.Runbook{
		File: o.File, Name: o.Flow.Name, Text: text, Vars: o.Flow.Vars, Steps: made.Steps, Calls: made.Calls, Seconds: made.Seconds, Open: made.Open, Sampled: made.Sampled, Caps: made.Caps,
	}
	bound(p.Runbook, o.Flow.Steps, made.Input)
	p.Options.Filter, p.Options.Origin = jobs.Filter{}, jobs.Origin{} // the runbook has them
	return s.addPlan(ctx, o.By, p)
}

// planFlow counts, and asks the API where the order says so.
func planFlow(ctx context.Context, r *runs.Run, o RunbookOrder) (made preview.Planned, err error) {
	asked := false
	count := func(c *plan.Checker) error {
		asked = true
		made, err = preview.Plan(ctx, r, o.Flow, o.Files, preview.PlanConfig{Checker: c})
		return err
	}
	if o.Check == nil {
		return made, count(nil)
	}
	opt, err := r.Options(0)
	if err != nil {
		return made, err
	}
	found, err := o.Check(ctx, opt, count)
	if err == nil && !asked { // the API refuses the credentials
		err = count(nil)
	}
	made.Check = found
	return made, err
}

// bound says how many rows a runbook changes at most.
func bound(b *plans.Runbook, steps []runbook.Step, first plan.Plan) {
	rows, behind := first.Rows-first.Rejected-first.Filtered, false
	for i, s := range steps {
		changes := !s.Op.Finds() && !s.Op.Waits()
		switch {
		case !changes:
		case behind:
			b.Unknown = true
		default:
			b.Changes += rows
			if s.Op.Removes() {
				b.Removes += rows
			}
			if i == 0 {
				b.People = first.People
			} else if mayMessage(s) {
				b.People += rows
			}
		}
		behind = behind || s.Op.Finds()
	}
}

// mayMessage tells whether rows of a step behind the first may send a message to people: the confirmation may be in a column.
func mayMessage(s runbook.Step) bool {
	row := jobs.Row{Op: s.Op, Confirmation: "prompt"}
	return row.Messages()
}

// StartPlannedRun begins the run of a plan: what it returns queues the first step. However often it is asked for there is one run, and after
// an interruption it goes on; a run whose first step is queued has nothing to queue. Its errors are those of StartRun.
func (s *Service) StartPlannedRun(ctx context.Context, o StartOrder) (run string, begun *BegunRun, err error) {
	p, err := s.PlanOf(ctx, o.Plan)
	if err != nil {
		return "", nil, err
	}
	if p.Runbook == nil {
		return "", nil, &Invalid{"plan", "plan " + p.ID + " is of a job: a job is started of it, and no run"}
	}
	if err := o.Approval.lets(p); err != nil {
		return "", nil, err
	}
	book, err := runbook.Decode(p.Runbook.File, p.Runbook.Text)
	if err != nil {
		return "", nil, err
	}
	order := RunOrder{Files: o.Files, Simulated: p.Options.Simulated, AllowDuplicates: p.Read.AllowDuplicates, By: o.By, plan: &p}
	if order.Flow, err = book.Compile(p.Runbook.Vars); err != nil {
		return "", nil, err
	}
	v, err := s.Run(ctx, p.Job)
	switch {
	case err == nil && (v.Run.State.Ended() || len(v.Jobs) > 0 && v.Jobs[0].Sealed):
		return p.Job, nil, s.startedRun(ctx, p, o.By)
	case err == nil:
		order.Resume = p.Job
	case !errors.As(err, new(*NotFound)):
		return "", nil, err
	}
	if err := samePlanned(p, o.Files); err != nil {
		return "", nil, err
	}
	if begun, err = s.BeginRun(ctx, order); err != nil {
		return "", nil, err
	}
	return p.Job, begun, s.startedRun(ctx, p, o.By)
}

// startedRun notes who started the run of a plan.
func (s *Service) startedRun(ctx context.Context, p plans.Plan, by By) error {
	if p.Started != nil {
		return nil
	}
	e := aboutPlan(audit.Start, p)
	e.Run = p.Job
	return s.noteStart(ctx, p, by, e)
}
