package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"slices"

	"github.com/sunbulk/sunbulk/internal/folder"
	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/report"
	"github.com/sunbulk/sunbulk/internal/runbook"
	"github.com/sunbulk/sunbulk/internal/runs"
	"github.com/sunbulk/sunbulk/jobs"
)

// RunView is a run with the jobs of the steps that were begun, wherever they are kept.
type RunView struct {
	Run     runs.Run
	Jobs    []jobs.Job
	Sources []report.Source // of each job

	Out   *folder.Folder   // where the report goes, if it is open already
	Steps []*folder.Folder // where those of the jobs go, as far as they are open already
}

// Run returns a run, or *NotFound.
func (s *Service) Run(ctx context.Context, id string) (RunView, error) {
	r, err := s.runs.Run(ctx, id)
	if err != nil {
		return RunView{}, s.aboutRun(ctx, id, err)
	}
	v := RunView{Run: r}
	for i := range r.Runbook.Steps {
		job, err := s.ledger.Job(ctx, r.Job(i))
		if errors.Is(err, ledger.ErrNoJob) {
			break
		}
		if err != nil {
			return v, typed(err)
		}
		v.Jobs, v.Sources = append(v.Jobs, job), append(v.Sources, s.Source(job, nil))
	}
	return v, nil
}

// aboutRun makes a typed error of one of the store of runs about a run.
func (s *Service) aboutRun(ctx context.Context, id string, err error) error {
	switch {
	case errors.Is(err, runs.ErrIllegal):
		return &Conflict{Kind: WrongRunState, ID: id, text: err.Error()}
	case !errors.Is(err, runs.ErrNoRun):
		return typed(err)
	}
	e := &NotFound{Kind: "run", ID: id}
	if job, err := s.ledger.Job(ctx, id); err == nil {
		e.Is, e.Run = "job", job.Options.Run
		if e.Run != "" {
			e.Is = "step"
		}
	}
	return e
}

// Paused returns why the run makes no calls, for programs and for people; empty when it does or has ended.
func (v *RunView) Paused() (kind jobs.PauseKind, reason string) {
	if v.Run.State == jobs.Paused {
		return v.Run.Pause, v.Run.Reason
	}
	if n := len(v.Jobs); v.Run.State == jobs.Running && n > 0 && v.Jobs[n-1].State == jobs.Paused {
		return v.Jobs[n-1].Pause, "job " + v.Jobs[n-1].ID + " is paused: " + v.Jobs[n-1].Reason
	}
	return "", ""
}

// Rows is how many rows the input had, as far as it was read.
func (v *RunView) Rows() int64 {
	if len(v.Jobs) == 0 {
		return v.Run.Rows
	}
	return v.Jobs[0].AllRead()
}

// Summary is the run in numbers.
func (v *RunView) Summary() report.RunSummary {
	s := report.RunSummary{
		Run: v.Run.ID, Runbook: v.Run.Runbook.Name, Schedule: v.Run.Schedule, App: v.Run.Runbook.App, State: v.Run.State, Reason: v.Run.Reason,
		Rows: v.Rows(), Created: v.Run.Created, Ended: v.Run.Ended,
	}
	if len(v.Jobs) > 0 && v.Jobs[0].Created.After(s.Created) { // a run of a plan has the time of the plan, which may be days old
		s.Created = v.Jobs[0].Created
	}
	s.Fingerprint = v.Run.Fingerprint
	s.Simulated = len(v.Jobs) > 0 && v.Jobs[0].Options.Simulated
	if kind, reason := v.Paused(); kind != "" {
		s.State, s.Pause, s.Reason = jobs.Paused, kind, reason
	}
	for i, step := range v.Run.Runbook.Steps {
		row := report.RunStep{Name: step.Name, Op: step.Op, Job: v.Run.Job(i)}
		if i < len(v.Jobs) {
			job := v.Jobs[i]
			row.State, row.Pause, row.Reason, row.Rows, row.Filtered = job.State, job.Pause, job.Reason, job.Tally, job.Filtered
			row.Passed = v.passed(i)
		}
		s.Steps = append(s.Steps, row)
	}
	return s
}

// passed is how many records of a step the one behind it has taken.
func (v *RunView) passed(step int) int64 {
	switch last := len(v.Run.Runbook.Steps) - 1; {
	case step == last:
		return v.Jobs[step].Tally.OK + v.Jobs[step].Tally.Noop - v.Jobs[step].Filtered
	case step+1 < len(v.Jobs):
		return v.Jobs[step+1].AllRead()
	}
	return 0
}

// Clean tells whether every row that was called is ok or noop, in all steps.
func (v *RunView) Clean() bool {
	for _, job := range v.Jobs {
		if !job.Tally.Clean() {
			return false
		}
	}
	return v.Run.State == jobs.Finished
}

// Write makes the report of the run: that of each step in a folder of its own, and how far each row came. Its errors are those of
// Service.Report.
func (v *RunView) Write(ctx context.Context, dir string) (report.RunSummary, error) {
	s, err := v.write(ctx, dir)
	if err != nil && !errors.Is(err, report.ErrSum) {
		err = &ReportError{"report", err}
	}
	return s, err
}

func (v *RunView) write(ctx context.Context, dir string) (report.RunSummary, error) {
	out, steps, done, err := v.open(dir)
	defer done()
	if err != nil {
		return report.RunSummary{}, err
	}
	for i := range v.Jobs {
		_, err := writeReport(ctx, steps[i], v.Jobs[i], v.Sources[i], report.Own{})
		if err == nil {
			_, err = report.WriteUndo(ctx, steps[i], v.Jobs[i], v.Sources[i], false)
		}
		if err != nil {
			return report.RunSummary{}, fmt.Errorf("write report of step %s: %w", v.Run.Runbook.Steps[i].Name, err)
		}
	}
	summary := v.Summary()
	ends, err := v.ends(ctx, summary.Steps)
	if err != nil {
		return report.RunSummary{}, err
	}
	return report.WriteRun(ctx, out, summary, ends)
}

// open gives the folders of the report, all of them before anything is written; done closes those that it opened.
func (v *RunView) open(dir string) (out *folder.Folder, steps []*folder.Folder, done func(), err error) {
	var opened []*folder.Folder
	done = func() {
		for _, f := range opened {
			f.Close()
		}
	}
	open := func(dir, owner string) (f *folder.Folder) {
		if err == nil {
			if f, err = report.Open(dir, owner); err == nil {
				opened = append(opened, f)
			}
		}
		return f
	}
	if out = v.Out; out == nil {
		out = open(dir, v.Run.ID)
	}
	steps = slices.Clone(v.Steps)
	for i := len(steps); i < len(v.Jobs); i++ {
		steps = append(steps, open(v.Folder(dir, i), v.Jobs[i].ID))
	}
	return out, steps, done, err
}

// Look tells whose report the folder dir holds, empty where it is free, and changes nothing. Its error says that the report of the
// run, or that of a step, must not be written there.
func (v *RunView) Look(dir string) (owner string, err error) {
	owner, err = report.Look(dir)
	for i := range v.Run.Runbook.Steps {
		if err == nil {
			_, err = report.Look(v.Folder(dir, i))
		}
	}
	return owner, err
}

// Folder is where the report of a step goes.
func (v *RunView) Folder(dir string, step int) string {
	return filepath.Join(dir, report.StepFolder(step, v.Run.Runbook.Steps[step].Name))
}

// ends gives the end of every row, and counts for each step the clients that could not be judged.
func (v *RunView) ends(ctx context.Context, counts []report.RunStep) (iter.Seq2[report.End, error], error) {
	flow, err := v.Run.Flow()
	if err != nil {
		return nil, err
	}
	steps := make([]runbook.Reached, len(v.Jobs))
	for i, job := range v.Jobs {
		steps[i] = runbook.Reached{Job: job, Outcomes: v.Sources[i].Chunks(ctx), Queued: v.Sources[i].Rows(ctx), Unjudged: func(why string) {
			counts[i].Unjudged++
			counts[i].Why = cmp.Or(counts[i].Why, why)
		}}
	}
	return flow.Ends(steps), nil
}

// Runs returns all runs in numbers, the newest first, and why others could not be read.
func (s *Service) Runs(ctx context.Context) (all []report.RunSummary, unreadable []error, err error) {
	ids, err := s.runs.IDs(ctx)
	if err != nil {
		return nil, nil, err
	}
	all = []report.RunSummary{}
	for _, id := range ids {
		v, err := s.Run(ctx, id)
		if ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
		if err != nil {
			unreadable = append(unreadable, err)
			continue
		}
		all = append(all, v.Summary())
	}
	return all, unreadable, nil
}

// RunsQuery asks for runs, the newest first.
type RunsQuery struct {
	Apps  []string // nil = any
	After string   // id of the last run of the page before
	Limit int      // runs on a page, 1 to 200; 0 = 50
}

// RunsPage is some runs, the newest first.
type RunsPage struct {
	Runs       []report.RunSummary
	Unreadable []error // why others could not be read
	Next       string  // RunsQuery.After of the next page; empty = there is none
}

// RunsPage returns a page of runs. It reads 400 of them at most. Its error is *Invalid.
func (s *Service) RunsPage(ctx context.Context, q RunsQuery) (page RunsPage, err error) {
	if q.Limit == 0 {
		q.Limit = defaultRows
	}
	if q.Limit < 1 || q.Limit > mostListed {
		return page, &Invalid{"limit", fmt.Sprintf("%d is not between 1 and %d", q.Limit, mostListed)}
	}
	ids, err := s.runs.IDs(ctx)
	if err != nil {
		return page, err
	}
	ids = behind(ids, q.After)
	for i, id := range ids {
		if len(page.Runs) == q.Limit || i == recordsLookedAt {
			page.Next = ids[i-1]
			return page, nil
		}
		v, err := s.Run(ctx, id)
		switch {
		case ctx.Err() != nil:
			return page, ctx.Err()
		case err != nil && q.Apps == nil: // whose it is, nobody knows
			page.Unreadable = append(page.Unreadable, err)
		case err == nil && (q.Apps == nil || slices.Contains(q.Apps, v.Run.Runbook.App)):
			page.Runs = append(page.Runs, v.Summary())
		}
	}
	return page, nil
}
