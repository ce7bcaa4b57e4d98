package web

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/sunbulk/sunbulk/internal/report"
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
	page, err := x.Service.Runs(x.r.Context(), service.RunsQuery{After: q.Get("after"), Limit: int(limit)})
	if err != nil {
		return runList{}, err
	}
	return runList{append([]report.RunSummary{}, page.Runs...), unreadables(page.Unreadable), page.Next}, nil
}

func (x *exchange) run() (report.RunSummary, error) {
	return x.Service.Run(x.r.Context(), x.r.PathValue("run"))
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
	Next       string                   `json:"next,omitempty"`
}

func (x *exchange) schedules(q url.Values) (scheduleList, error) {
	limit, err := number(q, "limit")
	if err != nil {
		return scheduleList{}, err
	}
	page, err := x.Service.Schedules(x.r.Context(), service.SchedulesQuery{After: q.Get("after"), Limit: int(limit)})
	return scheduleList{page.Schedules, unreadables(page.Unreadable), page.Next}, err
}

// unreadables reports records that nobody can read.
func unreadables(errs []error) []unreadable {
	all := []unreadable{}
	for _, err := range errs {
		u := unreadable{Why: jobs.Line(err.Error())}
		if e, ok := errors.AsType[*service.Unreadable](err); ok {
			u.ID = e.ID
		}
		all = append(all, u)
	}
	return all
}

// schedule is what GET /v1/schedules/{schedule} answers.
func (x *exchange) schedule() (service.ScheduleView, error) {
	return x.Service.Schedule(x.r.Context(), x.r.PathValue("schedule"))
}

func listSchedules(x *exchange) error {
	all, err := x.schedules(x.r.URL.Query())
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
