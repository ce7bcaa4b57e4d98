package runs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime/debug"
	"time"

	"github.com/sunbulk/sunbulk/enqueue"
	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/jobs"
)

// Start begins a run, and queues its first step from its files.
func (c *Conductor) Start(ctx context.Context, r Run, files *input.Files) error {
	if err := c.Begin(ctx, r, files); err != nil {
		return err
	}
	return c.Queue(ctx, r, files)
}

// Begin begins a run, unless it is there, and queues nothing of it. A *Refusal says why nothing was begun.
func (c *Conductor) Begin(ctx context.Context, r Run, files *input.Files) error {
	_, err := c.Store.Run(ctx, r.ID)
	if errors.Is(err, ErrNoRun) {
		err = c.check(ctx, r, files)
	}
	if err == nil {
		err = c.Create(ctx, r) // also of one that is there: its creator may have died before it was listed
	}
	if errors.Is(err, ErrExists) {
		return nil
	}
	return err
}

// Queue queues what is missing of the first step of a run that was begun. While another process is at its rows, it waits where they
// are in files that no worker can read.
func (c *Conductor) Queue(ctx context.Context, r Run, files *input.Files) error {
	for {
		queued, err := c.queued(ctx, r.ID)
		if queued || err != nil {
			return err
		}
		err = c.leased(ctx, r, func(ctx context.Context) error { return c.queue(ctx, r, files) })
		if !errors.Is(err, errLeased) {
			return err
		}
		if !r.Local {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(interval):
		}
	}
}

// queued tells whether all rows of a run's first step are queued. A cancelled run has no use for them.
func (c *Conductor) queued(ctx context.Context, id string) (bool, error) {
	r, err := c.Store.Run(ctx, id)
	if err != nil {
		return false, err
	}
	if r.State == jobs.Cancelled {
		return false, fmt.Errorf("run %s is cancelled: %w", id, ErrIllegal)
	}
	if r.Step > 0 {
		return true, nil
	}
	job, err := c.jobs.Job(ctx, r.Job(0))
	if errors.Is(err, ledger.ErrNoJob) {
		return false, nil
	}
	return job.Sealed, err
}

// check counts the input of a run that is not begun, and compares it with the caps.
func (c *Conductor) check(ctx context.Context, r Run, files *input.Files) error {
	defer c.cfg.Reading()()
	s, err := r.Files(ctx, files, c.cfg.Note)
	if err != nil {
		return err
	}
	defer s.Close()
	v, err := s.survey(ctx, 0)
	if err != nil {
		return err
	}
	before, err := c.LastRows(ctx, r.Runbook.App, r.Runbook.Name)
	if err != nil {
		return err
	}
	if reason := r.refuses(v, before); reason != "" && r.Exceed != 1 && !c.cfg.ExceedCaps {
		return &Refusal{reason}
	}
	return nil
}

// Refusal says why a run was not begun.
type Refusal struct{ Reason string }

func (e *Refusal) Error() string { return e.Reason }

// queue makes the job of the step at which a run is, and queues its rows. It pauses the run where a cap would be exceeded.
func (c *Conductor) queue(ctx context.Context, r Run, files *input.Files) error {
	defer c.cfg.Reading()()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	opt, err := r.Options(r.Step)
	if err != nil {
		return err
	}
	id := r.Job(r.Step)
	_, err = c.jobs.Job(ctx, id)
	begun := err == nil
	if err != nil && !errors.Is(err, ledger.ErrNoJob) {
		return err
	}
	canary, capped, err := c.survey(ctx, r, files, opt, begun)
	if err != nil || capped {
		return c.orPause(ctx, r, err)
	}
	debug.FreeOSMemory() // what the survey remembered of rows is 32 MiB, and comes again
	if !begun {
		if err := c.jobs.Create(ctx, jobs.Job{ID: id, Options: opt, Created: time.Now()}); err != nil && !errors.Is(err, ledger.ErrExists) {
			return err
		}
	}
	if stopped, err := c.stopped(ctx, r); stopped || err != nil {
		return err
	}
	s, err := c.source(ctx, r, files)
	if err != nil {
		return c.orPause(ctx, r, err)
	}
	defer s.Close()
	return c.orPause(ctx, r, c.jobs.Queue(ctx, &Rows{
		Step: r.Step, Job: id, Source: s, Stop: stop, cfg: enqueue.Config{BatchSize: opt.BatchSize, Canary: canary},
		seal: func(ctx context.Context) error { return c.seal(ctx, r, id, s) },
	}))
}

// stopped gives the job of a step the state of its run, which may have changed since it was read, and tells whether that
// has ended. Who pauses or cancels a run looks for its job afterwards: one of the two sees what the other did.
func (c *Conductor) stopped(ctx context.Context, r Run) (bool, error) {
	now, err := c.Store.Run(ctx, r.ID)
	if err != nil {
		return false, err
	}
	job, err := c.jobs.Job(ctx, r.Job(r.Step))
	if err != nil {
		return false, err
	}
	return now.State.Ended(), c.keep(ctx, now, job)
}

// seal says that all rows of a step are queued. An input that broke off, or of which nothing could be judged, pauses the
// run: what it lacks would be taken for what is not there.
func (c *Conductor) seal(ctx context.Context, r Run, id string, s *Source) error {
	if u := s.Unjudged(); u.Clients > 0 {
		c.cfg.Logger.Warn("clients could not be judged by where, and do not go on", "run", r.ID, "step", r.Runbook.Steps[r.Step-1].Name, "clients", u.Clients, "cause", u.Why)
	}
	inputs := s.Inputs()
	for _, in := range inputs {
		if broken := in.Broken(); broken != "" {
			if err := c.Pause(ctx, r.ID, "", jobs.PauseInput, broken); err != nil {
				return err
			}
		}
	}
	return c.jobs.Seal(ctx, id, inputs, time.Now())
}

// source opens what the rows of the step are made from at which a run is. Files are found where none are given.
func (c *Conductor) source(ctx context.Context, r Run, files *input.Files) (s *Source, err error) {
	if r.Step == 0 {
		if files == nil {
			if files, err = c.cfg.Inputs.Find(ctx, r.Runbook.Input); err != nil {
				return nil, err
			}
		}
		return r.Files(ctx, files, nil)
	}
	before, err := c.jobs.Job(ctx, r.Job(r.Step-1))
	if err != nil {
		return nil, err
	}
	return r.Behind(r.Step, before, c.jobs.Chunks(ctx, before.ID))
}

// survey reads the rows of a step once before they are queued, where a cap or a canary asks for it, and
// pauses the run where a cap would be exceeded.
func (c *Conductor) survey(ctx context.Context, r Run, files *input.Files, opt jobs.Options, begun bool) (canary []jobs.Row, stop bool, err error) {
	capped := !begun && r.capped(r.Step) && !c.cfg.ExceedCaps
	if !capped && opt.Canary.Rows == 0 {
		return nil, false, nil
	}
	s, err := c.source(ctx, r, files)
	if err != nil {
		return nil, false, err
	}
	defer s.Close()
	v, err := s.survey(ctx, opt.Canary.Rows)
	if err != nil || !capped {
		return v.Canary, false, err
	}
	removed, err := c.removes(ctx, r)
	if err != nil {
		return nil, false, err
	}
	reason := r.Runbook.Caps.Removes(removed+v.Valid, r.Rows)
	if reason == "" {
		return v.Canary, false, nil
	}
	c.cfg.Logger.Warn("paused a run", "run", r.ID, "reason", reason)
	return nil, true, c.Pause(ctx, r.ID, "", jobs.PauseCap, "cap of step "+r.Runbook.Steps[r.Step].Name+": "+reason)
}

// removes counts the rows of the run's earlier remove steps.
func (c *Conductor) removes(ctx context.Context, r Run) (int64, error) {
	var n int64
	for i, s := range r.Runbook.Steps[:r.Step] {
		if !s.Op.Removes() {
			continue
		}
		job, err := c.jobs.Job(ctx, r.Job(i))
		if err != nil {
			return 0, err
		}
		n += called(job)
	}
	return n, nil
}

// orPause pauses a run whose input cannot be used, which another look would not change.
func (c *Conductor) orPause(ctx context.Context, r Run, err error) error {
	if c.alone {
		return err
	}
	if errors.As(err, new(*input.Error)) || errors.As(err, new(*fs.PathError)) {
		return c.Pause(ctx, r.ID, "", jobs.PauseInput, err.Error())
	}
	return err
}
