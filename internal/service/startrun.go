package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/sunbulk/sunbulk/internal/audit"
	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/plans"
	"github.com/sunbulk/sunbulk/internal/runbook"
	"github.com/sunbulk/sunbulk/internal/runs"
	"github.com/sunbulk/sunbulk/jobs"
)

// RunOrder asks for a run of a runbook.
type RunOrder struct {
	Flow   *runbook.Flow
	Files  *input.Files // its input, which is read more than once
	Resume string       // the run whose beginning was cut off; empty = a new one

	Simulated       bool // nothing is really done
	ExceedCaps      bool // of the first step
	AllowDuplicates bool // though a run of the same goes on, or has created what this one would

	plan   *plans.Plan // that it is of; nil = none
	By     By
	Remark func(string)    // hears what is odd about the input; nil = nobody does
	Begins func(id string) // hears which run it is before any row is queued; nil = nobody does
	Logger *slog.Logger    // nil = nothing is logged
}

// StartRun queues the first step of a run, for workers to continue. Its errors: *NotFound, *Conflict, *Interrupted,
// those of input.Open.
func (s *Service) StartRun(ctx context.Context, o RunOrder) (RunView, error) {
	b, err := s.BeginRun(ctx, o)
	if err != nil {
		return RunView{}, err
	}
	if err := b.Queue(ctx); err != nil {
		return RunView{}, err
	}
	if err := s.Record(ctx, o.By, audit.Entry{What: audit.Start, App: b.run.Runbook.App, Run: b.run.ID}); err != nil {
		return RunView{}, err
	}
	return s.Run(ctx, b.run.ID)
}

// BegunRun is a run that is there, and whose first step Queue queues.
type BegunRun struct {
	service *Service
	run     runs.Run
	order   RunOrder
}

// BeginRun checks the input of a run against its caps and begins it. Its errors are those of StartRun.
func (s *Service) BeginRun(ctx context.Context, o RunOrder) (*BegunRun, error) {
	now := time.Now().UTC().Truncate(time.Millisecond)
	r := runs.Run{ID: jobs.NewID(now), Runbook: o.Flow.Runbook, Vars: o.Flow.Vars, Local: true, Simulated: o.Simulated, Created: now}
	if o.plan != nil {
		r.ID, r.Created = o.plan.Job, o.plan.Created
	}
	var err error
	if r.Fingerprint, err = o.fingerprint(); err != nil {
		return nil, err
	}
	if o.Resume != "" {
		if r, err = s.resumableRun(ctx, o.Resume, r.Fingerprint); err != nil {
			return nil, err
		}
	}
	if o.ExceedCaps {
		r.Exceed = 1
	}
	if !o.AllowDuplicates {
		if err := s.refuseDuplicateRun(ctx, r); err != nil {
			return nil, err
		}
	}
	if o.Begins != nil {
		o.Begins(r.ID)
	}
	b := &BegunRun{s, r, o}
	return b, b.typed(ctx, b.conductor().Begin(ctx, r, o.Files))
}

func (b *BegunRun) conductor() *runs.Conductor {
	return b.service.conductor(b.run.Runbook.App, b.order.Remark, b.order.Logger)
}

// Queue queues what is missing of the first step.
func (b *BegunRun) Queue(ctx context.Context) error {
	return b.typed(ctx, b.conductor().Queue(ctx, b.run, b.order.Files))
}

func (b *BegunRun) typed(ctx context.Context, err error) error {
	id := b.run.ID
	switch refusal, refused := errors.AsType[*runs.Refusal](err); {
	case err == nil:
		return nil
	case refused:
		return &Conflict{Kind: CapsRefuse, ID: id, text: "nothing was begun: " + refusal.Reason}
	case ctx.Err() != nil:
		return &Interrupted{Run: id, text: "interrupted while beginning run " + id}
	}
	return b.service.aboutRun(ctx, id, err)
}

// conductor moves the runs of an app. Those of one process have one name: what it has begun it may continue.
func (s *Service) conductor(app string, remark func(string), log *slog.Logger) *runs.Conductor {
	return runs.New(s.rdb, s.codec, runs.Config{Name: ProcessName(), Apps: []string{app}, Note: remark, Logger: log})
}

// refuseDuplicateRun refuses a run that has been begun already: with the same runbook, variables and input. One that
// has ended may come again, as a cleanup does, unless it would create again what it has created.
func (s *Service) refuseDuplicateRun(ctx context.Context, r runs.Run) error {
	if r.Fingerprint == "" {
		return nil
	}
	holder, err := s.ledger.Claim(ctx, r.Runbook.App, r.Fingerprint, r.Job(0))
	if err != nil || holder == r.Job(0) {
		return err
	}
	job, err := s.ledger.Job(ctx, holder)
	if err != nil {
		return err
	}
	v, err := s.Run(ctx, job.Options.Run)
	creates := slices.ContainsFunc(r.Runbook.Steps, func(step runbook.Step) bool { return !step.Op.Idempotent() })
	switch {
	case errors.As(err, new(*NotFound)):
		return nil
	case err != nil:
		return err
	case !v.Run.State.Ended():
		state := v.Summary().State
		return &Conflict{Kind: DuplicateRun, ID: v.Run.ID, State: state, text: fmt.Sprintf("run %s of the same input is %s", v.Run.ID, state)}
	case creates:
		return &Conflict{Kind: CreatesTwice, ID: v.Run.ID, State: v.Run.State, text: fmt.Sprintf("run %s had the same input, and creates would come twice", v.Run.ID)}
	}
	return nil
}

// fingerprint tells what a run is begun with from anything else.
func (o RunOrder) fingerprint() (string, error) {
	book, err := o.Flow.Text(false)
	if err != nil {
		return "", err
	}
	vars, err := json.Marshal(o.Flow.Vars)
	if err != nil {
		return "", err
	}
	return o.Files.Fingerprint(map[string]string{"runbook": string(book), "vars": string(vars)})
}

// resumableRun returns a run whose rows were not all queued.
func (s *Service) resumableRun(ctx context.Context, id, fingerprint string) (runs.Run, error) {
	r, err := s.runs.Run(ctx, id)
	switch {
	case err != nil:
		return r, s.aboutRun(ctx, id, err)
	case r.State.Ended():
		return r, &Conflict{Kind: Ended, ID: id, State: r.State, text: fmt.Sprintf("run %s is %s", id, r.State)}
	case r.Fingerprint != fingerprint:
		return r, &Conflict{Kind: OtherRunInput, ID: id, State: r.State, text: "run " + id + " was begun with something else"}
	}
	return r, nil
}
