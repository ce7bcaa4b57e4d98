package service

import (
	"context"
	"errors"
	"slices"

	"github.com/sunbulk/sunbulk/internal/audit"
	"github.com/sunbulk/sunbulk/internal/report"
	"github.com/sunbulk/sunbulk/jobs"
)

// impersonal are the files of a report that name no person.
var impersonal = []string{"summary.json", "report.html"}

// NamesPeople tells whether a file of a report may name people.
func NamesPeople(file string) bool { return !slices.Contains(impersonal, file) }

// Job returns one that the actor may see.
func (a *Authorized) Job(ctx context.Context, id string) (jobs.Job, error) {
	return a.job(ctx, See, id)
}

// job is Job for a use case that asks for a right.
func (a *Authorized) job(ctx context.Context, r Right, id string) (jobs.Job, error) {
	if err := a.Allow(r); err != nil {
		return jobs.Job{}, err
	}
	none := &NotFound{Kind: "job", ID: jobs.Line(id)}
	if jobs.CheckID(id) != nil {
		return jobs.Job{}, none
	}
	job, err := a.s.Job(ctx, id)
	if err == nil && !a.actor.Sees(job.Options.App) {
		err = none
	}
	return job, err
}

// Status returns a job, and how it goes on.
func (a *Authorized) Status(ctx context.Context, id string) (Status, jobs.Job, error) {
	if _, err := a.Job(ctx, id); err != nil {
		return Status{}, jobs.Job{}, err
	}
	st, job, err := a.s.Status(ctx, id)
	st.Summary = a.masked(st.Summary)
	return st, job, err
}

// JobList is some jobs in numbers, the newest first.
type JobList struct {
	Jobs       []report.Summary
	Unreadable []error // why others could not be read; only for those who may see all
	Next       string  // JobsQuery.After of the next page; empty = there is none
}

// Jobs returns a page of the jobs that the actor may see.
func (a *Authorized) Jobs(ctx context.Context, q JobsQuery) (JobList, error) {
	list := JobList{Jobs: []report.Summary{}}
	if err := a.Allow(See); err != nil {
		return list, err
	}
	q.Apps = a.actor.Apps
	page, err := a.s.JobsPage(ctx, q)
	for _, job := range page.Jobs {
		list.Jobs = append(list.Jobs, a.masked(report.Summarize(job)))
	}
	list.Unreadable, list.Next = a.unreadable(page.Unreadable), page.Next
	return list, err
}

// unreadable are records that nobody can read, whose app is not known: for those who may see all.
func (a *Authorized) unreadable(errs []error) []error {
	if a.actor.Apps != nil {
		return nil
	}
	return errs
}

// Rows returns a page of rows with their outcomes.
func (a *Authorized) Rows(ctx context.Context, id string, q RowsQuery) (RowsPage, error) {
	job, err := a.Job(ctx, id)
	if err != nil {
		return RowsPage{}, err
	}
	page, err := a.s.Rows(ctx, job.ID, q)
	if err != nil {
		return page, err
	}
	for i := range page.Rows {
		a.maskLine(&page.Rows[i])
	}
	if len(page.Rows) > 0 {
		err = a.sawPeople(ctx, audit.Entry{App: job.Options.App, Job: job.ID})
	}
	return page, err
}

// Row returns what was done for a row.
func (a *Authorized) Row(ctx context.Context, id string, n int64) (Row, error) {
	job, err := a.Job(ctx, id)
	if err != nil {
		return Row{}, err
	}
	if n < 1 {
		return Row{}, &NoRow{Job: job.ID, Row: n, Rows: job.Tally.Read}
	}
	row, err := a.s.Row(ctx, job.ID, n)
	if err == nil {
		a.maskRow(&row)
	}
	return row, err
}

// File returns the job of a report's file that the actor may read. That a file that names people is read is noted.
func (a *Authorized) File(ctx context.Context, id, file string) (jobs.Job, error) {
	job, err := a.Job(ctx, id)
	if err != nil || !NamesPeople(file) {
		return job, err
	}
	if err := a.Allow(People); err != nil {
		return job, &Forbidden{Actor: a.actor, Right: People, File: file}
	}
	return job, a.s.Record(ctx, a.by(""), audit.Entry{What: audit.Download, App: job.Options.App, Job: job.ID, Detail: file})
}

// Pause stops the calls of a job.
func (a *Authorized) Pause(ctx context.Context, id, reason string) (Already, error) {
	if _, err := a.job(ctx, Operate, id); err != nil {
		return Already{}, err
	}
	return a.s.Pause(ctx, id, a.by(reason))
}

// Resume lets a paused job go on, in another time zone where one is given.
func (a *Authorized) Resume(ctx context.Context, id, zone, reason string) (Already, error) {
	if _, err := a.job(ctx, Operate, id); err != nil {
		return Already{}, err
	}
	return a.s.Resume(ctx, id, zone, a.by(reason))
}

// Cancel ends a job.
func (a *Authorized) Cancel(ctx context.Context, id, reason string) (Already, error) {
	if _, err := a.job(ctx, Operate, id); err != nil {
		return Already{}, err
	}
	return a.s.Cancel(ctx, id, a.by(reason))
}

// Retry queues the failed rows of a cause, or of all, as another job.
func (a *Authorized) Retry(ctx context.Context, id, cause, reason string) (jobs.Job, error) {
	if _, err := a.job(ctx, Operate, id); err != nil {
		return jobs.Job{}, err
	}
	return a.s.Retry(ctx, RetryOrder{Of: id, Cause: cause, By: a.by(reason)})
}

// Rate returns the pace of an app.
func (a *Authorized) Rate(ctx context.Context, app string) (Pace, error) {
	if err := a.mayApp(See, app); err != nil {
		return Pace{}, err
	}
	return a.s.Rate(ctx, app)
}

// SetRate sets the rate of an app.
func (a *Authorized) SetRate(ctx context.Context, app, rate string, h Holding, reason string) error {
	if err := a.mayApp(Operate, app); err != nil {
		return err
	}
	return a.s.SetRate(ctx, app, rate, h, a.by(reason))
}

// mayApp holds the actor to their apps.
func (a *Authorized) mayApp(r Right, app string) error {
	if err := a.Allow(r); err != nil {
		return err
	}
	if !a.actor.Sees(app) {
		return &NotFound{Kind: "app", ID: jobs.Line(app)}
	}
	opt := jobs.Defaults()
	opt.App = app
	if wrong := opt.Check(); len(wrong) > 0 {
		return wrong[0]
	}
	return nil
}

// Acts returns a page of what people did, as far as the actor may see it.
func (a *Authorized) Acts(ctx context.Context, q AuditQuery) (AuditPage, error) {
	if err := a.Allow(Acts); err != nil {
		return AuditPage{}, err
	}
	q.Apps = a.actor.Apps
	return a.s.Audit(ctx, q)
}

// whose is *NotFound for what belongs to an app that the actor may not see.
func (a *Authorized) whose(app, kind, id string, err error) error {
	if err == nil && !a.actor.Sees(app) {
		return &NotFound{Kind: kind, ID: jobs.Line(id)}
	}
	if e, ok := errors.AsType[*NotFound](err); ok && a.actor.Apps != nil {
		e.Near = "" // may be a name that they may not see
	}
	return err
}
