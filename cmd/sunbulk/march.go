package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/local"
	"github.com/sunbulk/sunbulk/internal/report"
	"github.com/sunbulk/sunbulk/internal/runbook"
	"github.com/sunbulk/sunbulk/internal/runs"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
	"github.com/sunbulk/sunbulk/worker"
)

// march is a run of a runbook in this process.
type march struct {
	*program
	log         *slog.Logger
	api         *sunco.API
	concurrency int
	exceed      bool // of caps
	again       bool // though a run of the same work goes on, or has created
	simulated   bool
	baseURL     string
	files       *input.Files
	out         string

	view     service.RunView
	sessions []*session // of the steps that were begun
}

// run takes the rows from step to step, and writes the report however it ends.
func (m *march) run(ctx context.Context) error {
	steps := m.view.Run.Runbook.Steps
	if err := m.checkInput(); err != nil {
		return err
	}
	for i := range steps {
		stopped, err := m.step(ctx, i)
		if err != nil || stopped != nil {
			return m.conclude(ctx, stopped, err)
		}
		m.view.Run.Step = i + 1
	}
	m.view.Run.State, m.view.Run.Ended = jobs.Finished, time.Now().UTC()
	return m.conclude(ctx, nil, nil)
}

// checkInput counts the input before anything of it is queued.
func (m *march) checkInput() error {
	r := &m.view.Run
	s, err := r.Files(m.drain, m.files, m.note)
	if err != nil {
		return m.orInterrupted(err)
	}
	defer s.Close()
	v, err := s.Survey(m.drain, 0)
	if err != nil {
		return m.orInterrupted(err)
	}
	r.Rows = v.Read
	if reason := r.Refuses(v, 0); reason != "" && !m.exceed {
		return &exitError{exitPaused, errors.New("nothing was begun: " + reason), exceedHint}
	}
	return nil
}

// step works one step until its job ends or stands. Stopped is why the run stops here, with the exit code
// that this deserves.
func (m *march) step(ctx context.Context, i int) (stopped *exitError, err error) {
	canary, reason, err := m.survey(i)
	if err != nil {
		return nil, err
	}
	again := "the same command with --out " + m.out
	if reason != "" {
		return &exitError{exitPaused, errors.New(runbook.CapReason(m.view.Run.Runbook.Steps[i].Name, reason)), "look whether that is meant; " + again + " --exceed-caps goes on"}, nil
	}
	s, err := m.begin(ctx, i)
	if err != nil {
		return nil, err
	}
	s.canary = canary
	if m.view.Jobs[i].State != jobs.Finished {
		if err := m.work(ctx, i, s); err != nil {
			return nil, err
		}
	}
	job, err := s.Job(context.WithoutCancel(ctx), s.job)
	if err != nil {
		return nil, err
	}
	m.view.Jobs[i], m.view.Sources[i] = job, s.source(job)
	again += " goes on"
	switch {
	case job.State == jobs.Finished:
		return broken(job), nil
	case job.WaitsForWindow():
		return &exitError{exitInterrupted, fmt.Errorf("run %s is interrupted as step %s waits for its window: %s", m.view.Run.ID, m.view.Run.Runbook.Steps[i].Name, job.Reason), again}, nil
	case job.State == jobs.Paused:
		if job.CanaryFailed() { // whoever runs the command again has looked
			err = s.memory.EndCanary(ctx, s.job)
		}
		return &exitError{exitPaused, fmt.Errorf("step %s is paused: %s", m.view.Run.Runbook.Steps[i].Name, job.Reason), "look at the report and mend the cause; then " + again}, err
	}
	return &exitError{exitInterrupted, fmt.Errorf("run %s is interrupted", m.view.Run.ID), again}, nil
}

// broken returns why a run stops whose input broke off, or of which nothing could be judged: what it lacks would be
// taken for what is not there.
func broken(job jobs.Job) *exitError {
	for _, in := range job.Inputs {
		hint := "mend the input, and run it with another --out"
		if in.Format == jobs.InputOfJob {
			hint = "mend the where of the step before, or its variables, and run it with another --out"
		}
		if reason := in.Broken(); reason != "" {
			return &exitError{exitPaused, errors.New(reason), hint}
		}
	}
	return nil
}

// survey reads the rows of a step before they are queued, where a canary or a cap asks for it; reason is why
// a cap keeps them.
func (m *march) survey(i int) (canary []jobs.Row, reason string, err error) {
	r := &m.view.Run
	if m.exceed {
		r.Exceed = i + 1
	}
	opt, err := r.Options(i)
	if err != nil || !r.Capped(i) && opt.Canary.Rows == 0 {
		return nil, "", err
	}
	src, err := m.source(m.drain, i)
	if err != nil {
		return nil, "", err
	}
	defer src.Close()
	v, err := src.Survey(m.drain, opt.Canary.Rows)
	if err != nil || !r.Capped(i) {
		return v.Canary, "", m.orInterrupted(err)
	}
	removes := v.Valid
	for j, job := range m.view.Jobs[:i] {
		if r.Runbook.Steps[j].Op == jobs.Remove {
			removes += runs.Called(job)
		}
	}
	return v.Canary, r.Runbook.Caps.Removes(removes, r.Rows), nil
}

// source opens what the rows of a step are made from.
func (m *march) source(ctx context.Context, i int) (*runs.Source, error) {
	r := &m.view.Run
	if i == 0 {
		src, err := r.Files(ctx, m.files, nil)
		return src, m.orInterrupted(err)
	}
	before := m.view.Jobs[i-1]
	return r.Behind(i, before, m.sessions[i-1].memory.Chunks(context.WithoutCancel(ctx), before.ID))
}

// begin starts the job of a step, or goes on with the one whose journal is in the step's folder.
func (m *march) begin(ctx context.Context, i int) (*session, error) {
	head, err := m.head(i)
	if err != nil {
		return nil, err
	}
	if m.view.Out == nil {
		if m.view.Out, err = report.Open(m.out, m.view.Run.ID); err != nil {
			return nil, noFolder(m.out, err)
		}
	}
	// The first step's journal tells the run from others; a remove of a second one is the same work as that of another run, and meant.
	o := runOptions{out: m.view.Folder(m.out, i), job: jobFlags{read: input.Spec{AllowDuplicates: m.again || i > 0}}}
	s, err := m.openEmbedded(ctx, o, m.newcomer(m.out, head))
	if err != nil {
		return nil, err
	}
	job, err := s.Job(ctx, s.job)
	m.view.Steps = append(m.view.Steps, s.folder)
	m.sessions, m.view.Jobs, m.view.Sources = append(m.sessions, s), append(m.view.Jobs, job), append(m.view.Sources, s.source(job))
	return s, err
}

// head is what the job of a step is asked to do.
func (m *march) head(i int) (local.Head, error) {
	r := &m.view.Run
	head := local.Head{Job: r.Job(i), Created: time.Now().UTC(), BaseURL: m.baseURL}
	var err error
	if head.Options, err = r.Options(i); err != nil {
		return head, err
	}
	head.Options.Simulated = m.simulated
	book, err := r.Runbook.Meaning() // inputs and options are compared by themselves
	if err != nil {
		return head, err
	}
	head.Settings = map[string]string{local.Runbook: string(book)}
	if i > 0 {
		head.Inputs = []local.Input{{Name: "step " + strconv.Itoa(i), SHA256: r.Job(i)}}
		return head, nil
	}
	files, err := m.files.Digest()
	head.Inputs, head.Created = journalInputs(files), r.Created
	return head, err
}

// work reads the rows of a step and calls for them, until its job ends or stands.
func (m *march) work(ctx context.Context, i int, s *session) error {
	in := reading{}
	in.ctx, in.stop = context.WithCancelCause(m.drain)
	defer in.stop(nil)
	src, err := m.source(in.ctx, i)
	if err != nil {
		return err
	}
	defer src.Close()
	in.rows, in.inputs, in.progress = src.Records(in.ctx), src.Inputs, src.Progress
	m.tellStep(&m.view.Run, i)
	w := s.Worker(worker.Config{
		Name: service.ProcessName(), APIs: map[string]*sunco.API{m.view.Run.Runbook.App: m.api}, Deliveries: s.memory, Alone: s.embedded, Concurrency: m.concurrency, Logger: m.log,
	})
	return errors.Join(m.process(ctx, s, w, in), src.Err())
}

// conclude writes the report, and ends with the exit code that the run deserves.
func (m *march) conclude(ctx context.Context, stopped *exitError, err error) error {
	if err != nil {
		return err
	}
	if stopped != nil && stopped.code == exitPaused {
		m.view.Run.State, m.view.Run.Reason = jobs.Paused, stopped.err.Error()
	}
	if stopped != nil && ctx.Err() != nil { // at once: a report may take long
		return stopped
	}
	if err := m.showRun(ctx, &m.view, m.out); err != nil {
		return err
	}
	if stopped != nil {
		return stopped
	}
	for _, s := range m.sessions { // the first one's journal tells that there is something to go on with
		if err := s.discard(); err != nil {
			return err
		}
	}
	if !m.view.Clean() {
		return &exitError{code: exitNotAllOK}
	}
	return nil
}

func (m *march) close() {
	for _, s := range m.sessions { // with the folders of the steps
		s.close()
	}
	if m.view.Out != nil {
		m.view.Out.Close()
	}
}
