package web

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/mappings"
	"github.com/sunbulk/sunbulk/internal/plan"
	"github.com/sunbulk/sunbulk/internal/plans"
	"github.com/sunbulk/sunbulk/internal/report"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/internal/uploads"
	"github.com/sunbulk/sunbulk/jobs"
)

// planBody is what POST /v1/plans takes: the flags of 'sunbulk plan'.
type planBody struct {
	Upload  string `json:"upload"`
	App     string `json:"app"`
	Runbook string `json:"runbook"` // file of one that is run in place of a job; then the fields of Content but vars and allowDuplicates are empty
	Mapping string `json:"mapping"` // name of a saved one, for what is left out here
	mappings.Content
	Now   string `json:"now"`
	Check bool   `json:"check"`
}

// spec is how the rows are read.
func (b planBody) spec() input.Spec {
	pairs := func(m map[string]string) (all []string) {
		for _, name := range slices.Sorted(maps.Keys(m)) {
			all = append(all, name+"="+m[name])
		}
		return all
	}
	return input.Spec{
		Op: b.Op, Set: pairs(b.Set), Map: pairs(b.Map), Delimiter: b.Delimiter, Encoding: b.Encoding, Sheet: b.Sheet, PhoneCountry: b.PhoneCountry,
		Where: b.Where, Vars: pairs(b.Vars), Now: b.Now, AllowDuplicates: b.AllowDuplicates,
	}
}

// options are those of the job.
func (b planBody) options() (jobs.Options, error) {
	opt := jobs.Defaults()
	opt.App = b.App
	table := jobs.OptionTable()
	for _, name := range slices.Sorted(maps.Keys(b.Options)) {
		i := slices.IndexFunc(table, func(o jobs.Option) bool { return o.Name == name })
		if i < 0 {
			return opt, &service.Invalid{Field: "options", Text: "a job has no option " + jobs.Line(name)}
		}
		if err := table[i].Set(&opt, b.Options[name]); err != nil {
			return opt, err
		}
	}
	if (opt.Window != "" || opt.FinishBy != "") && opt.Timezone == "" {
		opt.Timezone = "UTC"
	}
	return opt, nil
}

// planView is what the API says of a plan.
type planView struct {
	Plan          string         `json:"plan"`
	Digest        string         `json:"digest"`
	State         plans.State    `json:"state"`
	NeedsApproval bool           `json:"needsApproval"`
	App           string         `json:"app"`
	Job           string         `json:"job,omitempty"` // when it is started, as is Run
	Run           string         `json:"run,omitempty"` // of a runbook, in place of a job
	Upload        string         `json:"upload"`
	Name          string         `json:"name"`
	Who           string         `json:"who"`
	Created       time.Time      `json:"created"`
	Changes       int64          `json:"changes"` // rows that change something
	Removes       int64          `json:"removes"`
	Options       report.Options `json:"options"`
	Counts        plan.Plan      `json:"counts"`
	Check         *plan.Findings `json:"check,omitempty"`
	FirstRows     []plan.First   `json:"firstRows,omitempty"`
	Runbook       *plans.Runbook `json:"runbook,omitempty"`
	Asked         *plans.Act     `json:"asked,omitempty"`
	Decided       *plans.Act     `json:"decided,omitempty"`
	Started       *plans.Act     `json:"started,omitempty"`
}

// viewOf shows a plan as the actor may see it.
func (x *exchange) viewOf(p plans.Plan) planView {
	v := planView{
		Plan: p.ID, Digest: p.Digest, State: p.State(), NeedsApproval: x.Approval.Needs(p), App: p.Options.App, Upload: p.Upload, Name: p.Name, Who: p.Who, Created: p.Created,
		Changes: p.Changes(), Removes: p.Removes(), Options: report.Options{Options: p.Options}, Counts: p.Made, Check: p.Check, Runbook: p.Runbook, Asked: p.Asked, Decided: p.Decided, Started: p.Started,
	}
	switch {
	case p.Started != nil && p.Runbook != nil:
		v.Run = p.Job
	case p.Started != nil:
		v.Job = p.Job
	}
	return v
}

// planning is how many inputs are read at a time: each takes memory that does not grow with it.
const planning = 2

// makePlan counts what a job or a run would do.
func (x *exchange) makePlan(b planBody, key string) (plans.Plan, error) {
	u, err := x.upload(b.Upload)
	if err != nil {
		return plans.Plan{}, err
	}
	if b.Runbook != "" {
		return x.planRunbook(u, b, key)
	}
	if b.Mapping != "" {
		m, err := x.Service.Mapping(x.r.Context(), b.App, b.Mapping)
		if err != nil {
			return plans.Plan{}, err
		}
		b.Content = b.Or(m.Content)
	}
	opt, err := b.options()
	if err != nil {
		return plans.Plan{}, err
	}
	opt.Simulated = x.Simulated
	o := service.PlanOrder{Upload: u.ID, Name: u.Name, Files: x.kept(u.Name, u.ID), Read: b.spec(), Options: opt, Key: key}
	if o.Check, err = x.checking(b, opt.App); err != nil {
		return plans.Plan{}, err
	}
	return x.counted(o.Upload, func(ctx context.Context) (plans.Plan, error) { return x.Service.AddPlan(ctx, o) })
}

// checking is how the API is asked about a plan, where that is wanted.
func (x *exchange) checking(b planBody, app string) (service.Checking, error) {
	if !b.Check {
		return nil, nil
	}
	check := x.Checks[app]
	if check == nil {
		return nil, &service.Invalid{Field: "check", Text: "this console cannot ask the API: it has no credentials of app " + jobs.Line(app)}
	}
	return service.Checking(check), nil
}

// counted makes a plan when no more than a few others are being made.
func (x *exchange) counted(upload string, add func(context.Context) (plans.Plan, error)) (plans.Plan, error) {
	x.unhurried()
	select {
	case x.plansAtOnce <- struct{}{}:
		defer func() { <-x.plansAtOnce }()
	case <-x.r.Context().Done():
		return plans.Plan{}, x.r.Context().Err()
	}
	p, err := add(x.r.Context())
	if err == nil {
		x.told("plan", "plan", p.ID, "upload", upload)
	}
	return p, err
}

// idempotencyKey returns the caller's, or "".
func (x *exchange) idempotencyKey() (string, error) {
	const most = 200
	key := x.r.Header.Get("Idempotency-Key")
	if len(key) > most {
		return "", &service.Invalid{Field: "Idempotency-Key", Text: fmt.Sprintf("has more than %d bytes", most)}
	}
	return key, nil
}

func addPlan(x *exchange) error {
	var b planBody
	if err := x.read(&b); err != nil {
		return err
	}
	key, err := x.idempotencyKey()
	if err != nil {
		return err
	}
	p, err := x.makePlan(b, key)
	if err != nil {
		return err
	}
	x.w.Header().Set("Location", x.Prefix+"/v1/plans/"+p.ID)
	return x.answer(http.StatusCreated, x.viewOf(p))
}

// firstRows shows how the first rows of a plan would be sent, while its upload is there.
func (x *exchange) firstRows(p plans.Plan, n int) ([]plan.First, error) {
	if _, err := x.Uploads.Get(p.Upload); n < 1 || errors.Is(err, uploads.ErrNone) {
		return nil, nil
	}
	return x.Service.FirstRows(x.r.Context(), p.ID, x.kept(p.Name, p.Upload), n)
}

func showPlan(x *exchange) error {
	n, err := number(x.r.URL.Query(), "rows")
	if err != nil {
		return err
	}
	p, err := x.Service.Plan(x.r.Context(), x.r.PathValue("plan"))
	if err != nil {
		return err
	}
	v := x.viewOf(p)
	if v.FirstRows, err = x.firstRows(p, int(min(n, plan.MaxFirst))); err != nil {
		return err
	}
	return x.answer(http.StatusOK, v)
}

// planList is what GET /v1/plans answers.
type planList struct {
	Plans []planView `json:"plans"`
}

// plans are those that the actor may see, the newest first; of one state, or of all.
func (x *exchange) plans(state plans.State) (planList, error) {
	list := planList{[]planView{}}
	all, err := x.Service.Plans(x.r.Context())
	for _, p := range all {
		if state == "" || p.State() == state {
			list.Plans = append(list.Plans, x.viewOf(p))
		}
	}
	return list, err
}

func listPlans(x *exchange) error {
	state := plans.State(x.r.URL.Query().Get("state"))
	if state != "" && !slices.Contains([]plans.State{plans.Planned, plans.Waiting, plans.Approved, plans.Refused, plans.Started}, state) {
		return &service.Invalid{Field: "state", Text: "\"" + jobs.Line(string(state)) + "\" is no state of a plan"}
	}
	list, err := x.plans(state)
	if err != nil {
		return err
	}
	return x.answer(http.StatusOK, list)
}

// start makes the job of a plan, or the run of one of a runbook, and queues its rows behind the answer.
func (x *exchange) start(id, key, reason string, ofRunbook bool) (made string, err error) {
	if reason, err = checkedReason(reason); err != nil {
		return "", err
	}
	p, by, err := x.Service.ToStart(x.r.Context(), id, key, reason)
	switch {
	case err != nil:
		return "", err
	case ofRunbook && p.Runbook == nil:
		return "", &service.Invalid{Field: "plan", Text: "plan " + p.ID + " is of a job: POST /v1/jobs starts it"}
	case !ofRunbook && p.Runbook != nil:
		return "", &service.Invalid{Field: "plan", Text: "plan " + p.ID + " is of a runbook: POST /v1/runs starts it"}
	}
	x.unhurried() // a run's input is read before it begins
	err = x.act(func(ctx context.Context) (err error) {
		made, err = x.begin(ctx, p, by)
		return err
	})
	if err == nil {
		x.told(jobs.EventStart, "plan", p.ID, "started", made)
	}
	return made, err
}

// madeJob is what POST /v1/jobs answers.
type madeJob struct {
	Job  string `json:"job"`
	Plan string `json:"plan"`
}

// startBody is what POST /v1/jobs and /v1/runs take.
type startBody struct {
	Plan   string `json:"plan"`
	Reason string `json:"reason"`
}

func addJob(x *exchange) error {
	job, plan, err := x.startAsked(false)
	if err != nil {
		return err
	}
	x.w.Header().Set("Location", x.Prefix+"/v1/jobs/"+job)
	return x.answer(http.StatusAccepted, madeJob{job, plan})
}

// startAsked starts the plan that the body names, as a run or as a job, and returns the id of that.
func (x *exchange) startAsked(run bool) (id, plan string, err error) {
	var b startBody
	if err := x.read(&b); err != nil {
		return "", "", err
	}
	key, err := x.idempotencyKey()
	if err != nil {
		return "", "", err
	}
	id, err = x.start(b.Plan, key, b.Reason, run)
	return id, b.Plan, err
}
