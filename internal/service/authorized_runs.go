package service

import (
	"context"

	"github.com/sunbulk/sunbulk/internal/report"
	"github.com/sunbulk/sunbulk/internal/schedule"
	"github.com/sunbulk/sunbulk/jobs"
)

// Runs returns a page of the runs that the actor may see.
func (a *Authorized) Runs(ctx context.Context, q RunsQuery) (RunsPage, error) {
	if err := a.Allow(See); err != nil {
		return RunsPage{}, err
	}
	q.Apps = a.actor.Apps
	page, err := a.s.RunsPage(ctx, q)
	for i := range page.Runs {
		page.Runs[i] = a.maskedRun(page.Runs[i])
	}
	page.Unreadable = a.unreadable(page.Unreadable)
	return page, err
}

// Run returns one in numbers.
func (a *Authorized) Run(ctx context.Context, id string) (report.RunSummary, error) {
	if err := a.Allow(See); err != nil {
		return report.RunSummary{}, err
	}
	if jobs.CheckID(id) != nil {
		return report.RunSummary{}, &NotFound{Kind: "run", ID: jobs.Line(id)}
	}
	v, err := a.s.Run(ctx, id)
	if err != nil {
		return report.RunSummary{}, err
	}
	if err := a.whose(v.Run.Runbook.App, "run", id, nil); err != nil {
		return report.RunSummary{}, err
	}
	return a.maskedRun(v.Summary()), nil
}

// Schedules returns a page of the schedules that the actor may see.
func (a *Authorized) Schedules(ctx context.Context, q SchedulesQuery) (SchedulesPage, error) {
	if err := a.Allow(See); err != nil {
		return SchedulesPage{}, err
	}
	q.Apps = a.actor.Apps
	page, err := a.s.SchedulesPage(ctx, q)
	page.Unreadable = a.unreadable(page.Unreadable)
	return page, err
}

// ScheduleView is a schedule with its next slots, and what became of those that have passed, the newest first.
type ScheduleView struct {
	ScheduleStatus
	Slots   []Slot           `json:"slots"`
	History []schedule.Entry `json:"history"`
}

const (
	slotsShown   = 5
	historyShown = 50
)

// Schedule returns one.
func (a *Authorized) Schedule(ctx context.Context, name string) (v ScheduleView, err error) {
	if err := a.Allow(See); err != nil {
		return v, err
	}
	now, err := a.s.schedules.Now(ctx)
	if err != nil {
		return v, err
	}
	v.ScheduleStatus, err = a.s.scheduleStatus(ctx, name, now)
	if err := a.whose(v.App, "schedule", name, err); err != nil {
		return ScheduleView{}, err
	}
	if v.Slots, err = a.s.NextSlots(ctx, name, slotsShown); err != nil {
		return v, err
	}
	history, err := a.s.ScheduleHistory(ctx, name, historyShown)
	v.History = append([]schedule.Entry{}, history...)
	return v, err
}
