package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/report"
	"github.com/sunbulk/sunbulk/internal/runbook"
	"github.com/sunbulk/sunbulk/internal/runs"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/worker"
)

// RunOrder asks for a run of a runbook in this process.
type RunOrder struct {
	Flow  *runbook.Flow
	Files *input.Files // its input, which is read more than once

	Out             string // the report folder; empty = one in the working directory, named after the run
	BaseURL         string // of the API that is called
	Simulated       bool
	Who             string // asks for it, such as ann@host
	ExceedCaps      bool
	AllowDuplicates bool // though a run of the same goes on, or has created what this one would

	Remark func(string)                              // hears what is odd about the input
	Note   func(string)                              // hears how it goes
	Step   func(v *service.RunView, job *Job) func() // is called before the calls of each step, and what it returns afterwards
}

// Run is a run of a runbook in this process. Each step is a job with a journal in a folder of its own.
type Run struct {
	service.RunView
	Dir string // the report folder

	order RunOrder
	*backend
	jobs []*Job // of the steps that were begun
}

// BeginRun begins a run, or continues the one that the report folder holds. Its errors: *FolderError, *DuplicateError, those
// of the input.
func BeginRun(o RunOrder) (_ *Run, err error) {
	now := time.Now().UTC().Truncate(time.Millisecond)
	r := &Run{order: o}
	r.Run = runs.Run{ID: jobs.NewID(now), Runbook: o.Flow.Runbook, Vars: o.Flow.Vars, Local: true, Created: now, State: jobs.Running}
	r.Dir = report.Dir(o.Out, r.Run.ID)
	if err := r.find(); err != nil {
		return nil, err
	}
	r.backend, err = newBackend()
	return r, err
}

// find makes the run the one that the folder holds, if there is one.
func (r *Run) find() error {
	first, err := r.head(0)
	if err != nil {
		return err
	}
	r.Run.Fingerprint = first.Fingerprint()
	head, there, err := Peek(r.Folder(r.Dir, 0))
	if err != nil {
		return inFolder(r.Dir, err)
	}
	if there {
		r.Run.ID, r.Run.Created = head.Options.Run, head.Created
	}
	owner, err := r.Look(r.Dir)
	switch {
	case err != nil:
		return inFolder(r.Dir, err)
	case there:
		return nil
	case owner != "":
		if err := r.discardLeft(owner); err != nil {
			return inFolder(r.Dir, err)
		}
		return inFolder(r.Dir, ErrRunReported)
	}
	return r.candidate(0, first).refuseDuplicate() // and again when the first step begins, but the input is read before that
}

// candidate is what the job of a step is compared by with others. The first step's journal tells a run from others; a remove of
// a second one is the same work as that of another run, and meant.
func (r *Run) candidate(step int, head Head) candidate {
	return candidate{
		Head: head, out: r.Folder(r.Dir, step), around: r.Dir, ended: endedRun, duplicate: r.order.AllowDuplicates || step > 0,
		journal: func(folder string) string { return r.Folder(folder, 0) },
	}
}

// discardLeft removes the journals that a run left that was killed when all was done but to remove them: the
// first goes first.
func (r *Run) discardLeft(run string) error {
	for i := range r.Run.Runbook.Steps {
		step := r.Folder(r.Dir, i)
		if head, there, err := Peek(step); err != nil || !there || head.Options.Run != run {
			continue // not one of that run
		}
		err := os.Remove(filepath.Join(step, FileName))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("discard journal: %w", err)
		}
	}
	return nil
}

// head is what the job of a step is asked to do.
func (r *Run) head(step int) (Head, error) {
	head := Head{Job: r.Run.Job(step), Created: time.Now().UTC(), BaseURL: r.order.BaseURL, Who: r.order.Who}
	var err error
	if head.Options, err = r.Run.Options(step); err != nil {
		return head, err
	}
	head.Options.Simulated = r.order.Simulated
	book, err := r.Run.Runbook.Meaning() // inputs and options are compared by themselves
	if err != nil {
		return head, err
	}
	head.Settings = map[string]string{Runbook: string(book)}
	if step > 0 {
		head.Inputs = []Input{{Name: "step " + strconv.Itoa(step), SHA256: r.Run.Job(step)}}
		return head, nil
	}
	files, err := r.order.Files.Digest()
	head.Inputs, head.Created = inputsOf(files), r.Run.Created
	return head, err
}

// Work takes the rows from step to step until the run ends or stops, or drain ends, which lets calls in flight end; an end of ctx
// stops them. APIs, names and the like are those of cfg. Its errors: *Stop, *runs.Refusal where nothing was begun, *FolderError,
// *DuplicateError, *DiskError, those of the input.
func (r *Run) Work(ctx, drain context.Context, cfg worker.Config) error {
	store := runs.NewStore(r.Redis())
	steps := &stepJobs{r.ledger, r, func(reading context.Context, rows *runs.Rows, job *Job) error {
		defer r.order.Step(&r.RunView, job)()
		return job.work(ctx, drain, cfg, rows.Stop, func() error { return rows.Add(reading, job.journal, job.queues, lookahead) })
	}}
	c := runs.NewAlone(store, steps, runs.Config{Apps: []string{r.Run.Runbook.App}, Note: r.order.Remark, ExceedCaps: r.order.ExceedCaps})
	err := c.Start(drain, r.Run, r.order.Files)
	for err == nil {
		if err = r.look(context.WithoutCancel(ctx), store); err != nil || r.Run.State == jobs.Finished {
			return err
		}
		if drain.Err() != nil || r.stands() {
			return r.stop(ctx)
		}
		err = c.Move(drain, r.Run.ID)
	}
	if errors.As(err, new(*runs.Refusal)) {
		err = fmt.Errorf("nothing was begun: %w", err)
	}
	if drain.Err() == nil || !errors.Is(err, context.Canceled) || len(r.jobs) == 0 {
		return err
	}
	if err := r.look(context.WithoutCancel(ctx), store); err != nil {
		return err
	}
	return r.stop(ctx)
}

// look reads how the run and its jobs are.
func (r *Run) look(ctx context.Context, store *runs.Store) error {
	now, err := store.Run(ctx, r.Run.ID)
	if err != nil {
		return err
	}
	r.Run.State, r.Run.Reason, r.Run.Pause, r.Run.Step, r.Run.Rows, r.Run.Ended = now.State, now.Reason, now.Pause, now.Step, now.Rows, now.Ended
	for i, j := range r.jobs {
		job, err := j.Now(ctx)
		if err != nil {
			return err
		}
		r.Jobs[i], r.Sources[i] = job, j.source(job)
	}
	return nil
}

// stands tells whether there is nothing to do for the run: it is paused, or its job does not go on.
func (r *Run) stands() bool {
	return r.Run.State != jobs.Running || r.Run.Step < len(r.Jobs) && r.Jobs[r.Run.Step].State != jobs.Finished
}

// stop says why the run stands.
func (r *Run) stop(ctx context.Context) error {
	name := r.Run.Runbook.Steps[r.Run.Current()].Name
	stop := func(kind StopKind, format string, args ...any) error {
		return &Stop{kind, r.Dir, fmt.Sprintf(format, args...)}
	}
	var job jobs.Job // what it has still to do comes before what is wrong with its input
	if r.Run.Step < len(r.Jobs) {
		job = r.Jobs[r.Run.Step]
	}
	switch {
	case job.WaitsForWindow():
		return stop(Interrupted, "run %s is interrupted as step %s waits for its window: %s", r.Run.ID, name, job.Reason)
	case job.State == jobs.Paused:
		r.Run.State, r.Run.Pause, r.Run.Reason = jobs.Paused, job.Pause, fmt.Sprintf("step %s is paused: %s", name, job.Reason)
		if _, err := r.jobs[r.Run.Step].paused(ctx, job, StepPaused); err != nil {
			return err
		}
		return stop(StepPaused, "%s", r.Run.Reason)
	case r.Run.State != jobs.Paused || job.ID != "" && job.State != jobs.Finished:
		return stop(Interrupted, "run %s is interrupted", r.Run.ID)
	case r.Run.Pause == jobs.PauseCap:
		return stop(CapExceeded, "%s", r.Run.Reason)
	case r.Run.Step > 0: // what it reads is the outcomes of the step before
		return stop(NotJudged, "%s", r.Run.Reason)
	}
	return stop(InputBroken, "%s", r.Run.Reason)
}

// Settle is called when the report of a finished run is written: it removes the journals, the first of which tells that there
// is something to continue.
func (r *Run) Settle() error {
	for _, j := range r.jobs {
		if err := j.journal.Discard(); err != nil {
			return err
		}
	}
	return nil
}

// Close lets go of the folders.
func (r *Run) Close() {
	for _, j := range r.jobs {
		j.closeFolder()
	}
	if r.Out != nil {
		r.Out.Close()
	}
	r.redis.Close()
}
