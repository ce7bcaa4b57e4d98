package web

import (
	"cmp"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/jobs"
)

// jobsView is the page of all jobs.
type jobsView struct {
	jobList
	State  string
	States []jobs.State
}

func jobsPage(x *exchange) error {
	q := x.r.URL.Query()
	list, err := x.jobs(q)
	if err != nil {
		return err
	}
	return x.show(http.StatusOK, "jobs", "Jobs", jobsView{list, q.Get("state"), []jobs.State{jobs.Enqueuing, jobs.Running, jobs.Paused, jobs.Finished, jobs.Cancelled}})
}

// jobPageView is the page of one job.
type jobPageView struct {
	jobView
	Kinds []kindView
	Bar   []barPart
	Files []fileLink
	Pacing
}

// Pacing is the pace of a job in words.
type Pacing struct {
	Rate    string // why the rate is what it is; empty when the job has ended
	Running bool
	Stopped bool
	Ended   bool
	Left    string // time, as a range; empty = not known
}

// kindView is one term of the sum of a job's rows.
type kindView struct {
	Kind  jobs.Kind
	Count int64
	Link  bool // there is a list of them
}

// barPart is a part of the bar of all rows, in thousandths of it.
type barPart struct {
	Kind     jobs.Kind
	At, Wide int64
}

// fileLink is a file of the report by what it holds.
type fileLink struct {
	Name, Holds string
	Open        bool // to the one who looks
}

func (v jobPageView) live() string {
	if v.Ended {
		return ""
	}
	return "/v1/jobs/" + v.Job + "/events"
}

// told are the files by what they hold, in the order in which people ask for them.
var fileTold = []fileLink{
	{"results.csv", "every row with its outcome", false},
	{"failed.csv", "failed rows, to be mended and run again", false},
	{"rejected.csv", "rows that were not sent, with the reason", false},
	{"in_doubt.csv", "rows that may have been sent: look before anything else", false},
	{"unprocessed.csv", "rows without an outcome", false},
	{"verify.csv", "clients that creates made, for a later verify", false},
	{"clients.ndjson", "clients that lists found", false},
	{"summary.json", "the job in numbers", true},
}

func jobPage(x *exchange) error {
	v, err := x.status()
	if err != nil {
		return err
	}
	p := jobPageView{jobView: v}
	t := v.Rows
	p.Kinds = []kindView{{jobs.OK, t.OK, true}, {jobs.Noop, t.Noop, true}, {jobs.Failed, t.Failed, true}, {jobs.Rejected, t.Rejected, true}, {jobs.InDoubt, t.InDoubt, true}, {jobs.Unprocessed, t.Unprocessed, false}}
	var before int64
	for _, k := range p.Kinds {
		wide := before + k.Count
		from, to := before*1000/max(t.Read, 1), wide*1000/max(t.Read, 1)
		if k.Count > 0 {
			p.Bar = append(p.Bar, barPart{k.Kind, from, max(to-from, 2)})
		}
		before = wide
	}
	rows := map[string]int64{"failed.csv": t.Failed, "rejected.csv": t.Rejected, "in_doubt.csv": t.InDoubt, "unprocessed.csv": t.Unprocessed, "verify.csv": t.OK, "clients.ndjson": t.OK}
	for _, f := range fileTold {
		if n, counted := rows[f.Name]; counted && n == 0 {
			continue // there is no such file
		}
		f.Open = f.Open || x.actor.May(service.People)
		p.Files = append(p.Files, f)
	}
	p.Ended, p.Stopped = v.State.Ended(), v.State == jobs.Paused
	p.Running = !p.Ended && !p.Stopped
	if v.Pace != nil {
		p.Rate = v.Pace.String()
	}
	if v.ETA != nil && v.CallsPerSecond.Now > 0 {
		p.Left = took(v.ETA.Low) + " to " + took(v.ETA.High)
	}
	return x.show(http.StatusOK, "job", "Job "+v.Job, p)
}

// rowsView is the page of a job's rows.
type rowsView struct {
	service.RowsPage
	Job                       string
	Outcome, Cause, Op, After string
	Outcomes                  []jobs.Kind
}

func rowsPage(x *exchange) error {
	q := x.r.URL.Query()
	page, err := x.rows(q)
	if err != nil {
		return err
	}
	v := rowsView{
		RowsPage: page, Job: x.r.PathValue("job"), Outcome: q.Get("outcome"), Cause: q.Get("cause"), Op: q.Get("op"), After: q.Get("after"),
		Outcomes: []jobs.Kind{jobs.OK, jobs.Noop, jobs.Failed, jobs.Rejected, jobs.InDoubt},
	}
	return x.show(http.StatusOK, "rows", "Rows of "+v.Job, v)
}

func rowPage(x *exchange) error {
	row, err := x.row()
	if err != nil {
		return err
	}
	return x.show(http.StatusOK, "row", "Row "+strconv.FormatInt(row.Row, 10), row)
}

func (x *exchange) toJob() error { return &elsewhere{"/jobs/" + url.PathEscape(x.r.PathValue("job"))} }

func (x *exchange) moveByForm(what string) error {
	form, err := x.form()
	if err != nil {
		return err
	}
	if _, err := x.move(what, form.Get("timezone"), form.Get("reason")); err != nil {
		return err
	}
	return x.toJob()
}

func pauseForm(x *exchange) error  { return x.moveByForm(jobs.EventPause) }
func resumeForm(x *exchange) error { return x.moveByForm(jobs.EventResume) }

func rateForm(x *exchange) error {
	form, err := x.form()
	if err != nil {
		return err
	}
	job, err := x.job()
	if err != nil {
		return err
	}
	if err := x.setRateOf(job.Options.App, strings.TrimSpace(form.Get("rate")), form.Get("reason"), service.Holding{Keep: form.Get("keep") != ""}); err != nil {
		return err
	}
	return x.toJob()
}

// confirmView asks for a number to be typed before something that cannot be taken back.
type confirmView struct {
	Job, Cause string
	What       string // retry or cancel
	Count      int64  // rows
	Calls      int64  // in flight
	Wrong      bool   // another number was typed
	Typed      string
	Reason     string
}

func cancelPage(x *exchange) error { return x.confirm(jobs.EventCancel, "", nil) }

func retryPage(x *exchange) error {
	return x.confirm(jobs.EventRetry, x.r.URL.Query().Get("cause"), nil)
}

// confirm shows what is about to be done, and how many rows it is about.
func (x *exchange) confirm(what, cause string, wrong url.Values) error {
	if err := x.Service.Allow(service.Operate); err != nil {
		return err
	}
	v, err := x.status()
	if err != nil {
		return err
	}
	switch ended := v.State.Ended(); {
	case ended && what == jobs.EventCancel:
		return &refusal{http.StatusConflict, "ended", "job " + v.Job + " is " + string(v.State) + " already", ""}
	case !ended && what == jobs.EventRetry:
		return &refusal{http.StatusConflict, "not_ended", "job " + v.Job + " is " + string(v.State), "its failed rows can be run again when it has ended"}
	}
	p := confirmView{Job: v.Job, Cause: cause, What: what, Count: v.Rows.Unprocessed, Calls: v.InFlight, Wrong: wrong != nil, Typed: wrong.Get("confirm"), Reason: wrong.Get("reason")}
	title := "Cancel job " + v.Job
	if what == jobs.EventRetry {
		title = "Retry failed rows of " + v.Job
		p.Count = failedRows(v, cause)
	}
	status := http.StatusOK
	if wrong != nil {
		status = http.StatusBadRequest
	}
	return x.show(status, "confirm", title, p)
}

// failedRows is how many rows a retry of a cause runs; of none, those of all that no other job has.
func failedRows(v jobView, cause string) (n int64) {
	for _, c := range v.Causes {
		if cause == c.Code {
			return c.Count
		}
	}
	if cause == "" {
		return v.Rows.Failed
	}
	return 0
}

// confirmed tells whether the right word was typed: of a cancel, whose rows become fewer meanwhile, the end of the job's id.
func confirmed(form url.Values, want string) bool {
	return strings.EqualFold(strings.TrimSpace(form.Get("confirm")), want)
}

func cancelForm(x *exchange) error {
	form, err := x.form()
	if err != nil {
		return err
	}
	if id := x.r.PathValue("job"); !confirmed(form, id) {
		return x.confirm(jobs.EventCancel, "", form)
	}
	if _, err := x.move(jobs.EventCancel, "", form.Get("reason")); err != nil {
		return err
	}
	return x.toJob()
}

func retryForm(x *exchange) error {
	form, err := x.form()
	if err != nil {
		return err
	}
	v, err := x.status()
	if err != nil {
		return err
	}
	cause := form.Get("cause")
	if !confirmed(form, strconv.FormatInt(failedRows(v, cause), 10)) {
		return x.confirm(jobs.EventRetry, cause, form)
	}
	r, err := x.retry(cause, form.Get("reason"))
	if err != nil {
		return err
	}
	return &elsewhere{"/jobs/" + cmp.Or(r.Job, v.Job)}
}
