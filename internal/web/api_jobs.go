package web

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/sunbulk/sunbulk/internal/report"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/jobs"
)

// jobList is what GET /v1/jobs answers.
type jobList struct {
	Jobs       []report.Summary `json:"jobs"`
	Unreadable []unreadable     `json:"unreadable"`
	Next       string           `json:"next,omitempty"`
}

// unreadable is a record that nobody can read, and why.
type unreadable struct {
	ID  string `json:"id"`
	Why string `json:"why"`
}

// jobView is what GET /v1/jobs/{job} answers: status --json, and what was done to the job by whom.
type jobView struct {
	service.Status
	Events []jobs.Event `json:"events"`
}

func listJobs(x *exchange) error {
	list, err := x.jobs(x.r.URL.Query())
	if err != nil {
		return err
	}
	return x.answer(http.StatusOK, list)
}

// jobs returns a page of the jobs that the actor may see.
func (x *exchange) jobs(q url.Values) (jobList, error) {
	limit, err := number(q, "limit")
	if err != nil {
		return jobList{}, err
	}
	page, err := x.Service.Jobs(x.r.Context(), service.JobsQuery{State: jobs.State(q.Get("state")), After: q.Get("after"), Limit: int(limit)})
	if err != nil {
		return jobList{}, err
	}
	return jobList{page.Jobs, unreadables(page.Unreadable), page.Next}, nil
}

// number reads a whole number of a query; 0 where it is left out.
func number(q url.Values, name string) (int64, error) {
	text := q.Get(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 {
		return 0, &service.Invalid{Field: name, Text: "\"" + jobs.Line(text) + "\" is no number from 1"}
	}
	return n, nil
}

// job returns the job that the path names, as far as the actor may see it.
func (x *exchange) job() (jobs.Job, error) {
	return x.Service.Job(x.r.Context(), x.r.PathValue("job"))
}

// status returns the job that the path names, and how it goes on.
func (x *exchange) status() (jobView, error) {
	st, job, err := x.Service.Status(x.r.Context(), x.r.PathValue("job"))
	if err != nil {
		return jobView{}, err
	}
	return jobView{st, append([]jobs.Event{}, job.Events...)}, nil
}

func showJob(x *exchange) error {
	v, err := x.status()
	if err != nil {
		return err
	}
	return x.answer(http.StatusOK, v)
}

func listRows(x *exchange) error {
	page, err := x.rows(x.r.URL.Query())
	if err != nil {
		return err
	}
	return x.answer(http.StatusOK, page)
}

func (x *exchange) rows(q url.Values) (service.RowsPage, error) {
	limit, err := number(q, "limit")
	if err != nil {
		return service.RowsPage{}, err
	}
	return x.Service.Rows(x.r.Context(), x.r.PathValue("job"), service.RowsQuery{
		Outcome: jobs.Kind(q.Get("outcome")), Cause: q.Get("cause"), Op: jobs.Op(q.Get("op")), After: q.Get("after"), Limit: int(limit),
	})
}

func showRow(x *exchange) error {
	row, err := x.row()
	if err != nil {
		return err
	}
	return x.answer(http.StatusOK, row)
}

func (x *exchange) row() (service.Row, error) {
	n, err := strconv.ParseInt(x.r.PathValue("row"), 10, 64)
	if err != nil {
		n = 0 // which no job has
	}
	return x.Service.Row(x.r.Context(), x.r.PathValue("job"), n)
}
