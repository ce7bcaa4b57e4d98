package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/sunbulk/sunbulk/internal/report"
	"github.com/sunbulk/sunbulk/internal/schedule"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/jobs"
)

// runList is what GET /v1/runs answers.
type runList struct {
	Runs       []report.RunSummary `json:"runs"`
	Unreadable []unreadable        `json:"unreadable"`
	Next       string              `json:"next,omitempty"`
}

// runs returns a page of the runs that the actor may see.
func (x *exchange) runs(q url.Values) (runList, error) {
	limit, err := number(q, "limit")
	if err != nil {
		return runList{}, err
	}
	page, err := x.Service.RunsPage(x.r.Context(), service.RunsQuery{Apps: x.actor.Apps, After: q.Get("after"), Limit: int(limit)})
	if err != nil {
		return runList{}, err
	}
	list := runList{Runs: []report.RunSummary{}, Unreadable: x.unreadable(page.Unreadable), Next: page.Next}
	for _, r := range page.Runs {
		list.Runs = append(list.Runs, x.maskedRun(r))
	}
	return list, nil
}

func (x *exchange) maskedRun(r report.RunSummary) report.RunSummary {
	if x.actor.may(people) {
		return r
	}
	r.Reason = hide(r.Reason)
	r.Steps = slices.Clone(r.Steps)
	for i := range r.Steps {
		r.Steps[i].Reason = hide(r.Steps[i].Reason)
	}
	return r
}

func (x *exchange) run() (report.RunSummary, error) {
	id := x.r.PathValue("run")
	none := &service.NotFound{Kind: "run", ID: jobs.Line(id)}
	if jobs.CheckID(id) != nil {
		return report.RunSummary{}, none
	}
	v, err := x.Service.Run(x.r.Context(), id)
	if err != nil {
		return report.RunSummary{}, err
	}
	if !x.actor.sees(v.Run.Runbook.App) {
		return report.RunSummary{}, none
	}
	return x.maskedRun(v.Summary()), nil
}

func listRuns(x *exchange) error {
	list, err := x.runs(x.r.URL.Query())
	if err != nil {
		return err
	}
	return x.answer(http.StatusOK, list)
}

func showRun(x *exchange) error {
	r, err := x.run()
	if err != nil {
		return err
	}
	return x.answer(http.StatusOK, r)
}

// scheduleList is what GET /v1/schedules answers.
type scheduleList struct {
	Schedules  []service.ScheduleStatus `json:"schedules"`
	Unreadable []unreadable             `json:"unreadable"`
}

// scheduleView is what GET /v1/schedules/{schedule} answers.
type scheduleView struct {
	service.ScheduleStatus
	Slots   []service.Slot   `json:"slots"`
	History []schedule.Entry `json:"history"`
}

func (x *exchange) schedules() (scheduleList, error) {
	all, bad, err := x.Service.Schedules(x.r.Context())
	if err != nil {
		return scheduleList{}, err
	}
	mine := slices.DeleteFunc(all, func(s service.ScheduleStatus) bool { return !x.actor.sees(s.App) })
	return scheduleList{mine, x.unreadable(bad)}, nil
}

// unreadable reports records that nobody can read, whose app is not known: to those who may see all.
func (x *exchange) unreadable(errs []error) []unreadable {
	all := []unreadable{}
	for _, err := range errs {
		u := unreadable{Why: jobs.Line(err.Error())}
		if e, ok := errors.AsType[*service.Unreadable](err); ok {
			u.ID = e.ID
		}
		if x.actor.Apps == nil {
			all = append(all, u)
		}
	}
	return all
}

const (
	slotsShown   = 5
	historyShown = 50
)

func (x *exchange) schedule() (v scheduleView, err error) {
	name := x.r.PathValue("schedule")
	all, err := x.schedules()
	if err != nil {
		return v, err
	}
	i := slices.IndexFunc(all.Schedules, func(s service.ScheduleStatus) bool { return s.Name == name })
	if i < 0 {
		return v, &service.NotFound{Kind: "schedule", ID: jobs.Line(name)}
	}
	v.ScheduleStatus = all.Schedules[i]
	if v.Slots, err = x.Service.NextSlots(x.r.Context(), name, slotsShown); err != nil {
		return v, err
	}
	history, err := x.Service.ScheduleHistory(x.r.Context(), name, historyShown)
	v.History = append([]schedule.Entry{}, history...)
	return v, err
}

func listSchedules(x *exchange) error {
	all, err := x.schedules()
	if err != nil {
		return err
	}
	return x.answer(http.StatusOK, all)
}

func showSchedule(x *exchange) error {
	v, err := x.schedule()
	if err != nil {
		return err
	}
	return x.answer(http.StatusOK, v)
}
