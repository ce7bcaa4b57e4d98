package service

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/runbook"
	"github.com/sunbulk/sunbulk/internal/runs"
	"github.com/sunbulk/sunbulk/internal/schedule"
	"github.com/sunbulk/sunbulk/jobs"
)

// starter begins the runs of schedules: workers read their input.
type starter struct {
	*Service
	conductor *runs.Conductor
	inputs    *input.Places
	simulated bool // nothing is really done
}

var _ schedule.Starter = starter{}

// Start begins a run, or continues the one that another worker has begun.
func (s starter) Start(ctx context.Context, id string, book *runbook.Runbook, vars map[string]string) error {
	created, err := jobs.IDTime(id)
	if err != nil {
		return err
	}
	r := runs.Run{ID: id, Runbook: book, Vars: vars, Schedule: book.Name, Simulated: s.simulated, Created: created}
	if begun, err := s.runs.Run(ctx, id); err == nil {
		if r = begun; r.Schedule != book.Name {
			return fmt.Errorf("run %s is of another schedule", id) // of the same second: one in a million
		}
	} else if !errors.Is(err, runs.ErrNoRun) {
		return err
	}
	if len(book.Input) == 0 {
		return &schedule.Refusal{Reason: "the runbook has no input"}
	}
	files, err := s.inputs.Find(ctx, book.Input)
	if err == nil && files.Pipe() != "" {
		return &schedule.Refusal{Reason: files.Pipe() + " is a pipe, which can be read only once"}
	}
	if err == nil {
		err = s.conductor.Start(ctx, r, files)
	}
	return asRefusal(err)
}

// asRefusal makes a refusal of an error that would come again: what is to be read is not there, or not as
// it should be.
func asRefusal(err error) error {
	refusal, capped := errors.AsType[*runs.Refusal](err)
	bad, unusable := errors.AsType[*input.Error](err)
	switch {
	case capped:
		return &schedule.Refusal{Reason: refusal.Reason}
	case unusable && !bad.Passing, errors.As(err, new(*fs.PathError)), errors.As(err, new(*runbook.Error)):
		return &schedule.Refusal{Reason: err.Error()}
	}
	return err
}

// State tells how a run stands.
func (s starter) State(ctx context.Context, id string) (schedule.Run, error) {
	v, err := s.Run(ctx, id)
	if errors.As(err, new(*NotFound)) {
		return schedule.Run{}, nil
	}
	if err != nil {
		return schedule.Run{}, err
	}
	run := v.Summary()
	return schedule.Run{State: string(run.State), Ended: run.State.Ended(), Reason: run.Reason, Rows: v.Run.Tally(v.Jobs)}, nil
}

// Cancel ends a run and its jobs.
func (s starter) Cancel(ctx context.Context, id, who, reason string) error {
	_, err := s.CancelRun(ctx, id, By{Who: who, Reason: reason})
	return err
}
