package web

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"

	"github.com/sunbulk/sunbulk/internal/plans"
	"github.com/sunbulk/sunbulk/internal/runbook"
	"github.com/sunbulk/sunbulk/internal/runbooks"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/internal/uploads"
	"github.com/sunbulk/sunbulk/jobs"
)

// runbookView is what the API says of a runbook. Its input is left out: an address may hold a key.
type runbookView struct {
	File        string             `json:"file"`
	Name        string             `json:"name,omitempty"`
	App         string             `json:"app,omitempty"` // empty = a plan names one
	Description string             `json:"description,omitempty"`
	Vars        map[string]*string `json:"vars,omitempty"` // nil = a plan must give a value
	Steps       []runbookStep      `json:"steps,omitempty"`
	Problem     string             `json:"problem,omitempty"` // why it cannot be read
}

type runbookStep struct {
	Name  string            `json:"name"`
	Op    jobs.Op           `json:"op"`
	Where string            `json:"where,omitempty"`
	Set   map[string]string `json:"set,omitempty"`
}

func viewOfRunbook(f runbooks.File) runbookView {
	v := runbookView{File: f.Name}
	if f.Err != nil {
		v.Problem = jobs.Line(f.Err.Error())
		return v
	}
	v.Name, v.App, v.Description, v.Vars = f.Book.Name, f.Book.App, f.Book.Description, f.Book.Vars
	for _, s := range f.Book.Steps {
		v.Steps = append(v.Steps, runbookStep{s.Name, s.Op, s.Where, s.Set})
	}
	return v
}

// runbookList is what GET /v1/runbooks answers.
type runbookList struct {
	Runbooks []runbookView `json:"runbooks"`
	Folder   bool          `json:"-"` // the console has one
}

func (x *exchange) runbooks() (runbookList, error) {
	list := runbookList{[]runbookView{}, x.Runbooks != nil}
	if err := x.Service.Allow(service.People); err != nil || x.Runbooks == nil {
		return list, err
	}
	all, err := x.Runbooks.List()
	if err != nil {
		x.Logger.Error("runbooks are not listed", "error", err)
		return list, &refusal{http.StatusInternalServerError, "internal", "the folder of runbooks cannot be read", "the console's log has the error"}
	}
	for _, f := range all {
		if x.Service.ReadRunbook(f.Name, f.Book) == nil {
			list.Runbooks = append(list.Runbooks, viewOfRunbook(f))
		}
	}
	return list, nil
}

// runbook returns one that the actor may see, with what is wrong in it.
func (x *exchange) runbook(name string) (f runbooks.File, err error) {
	if err := x.Service.Allow(service.People); err != nil {
		return f, err
	}
	err = runbooks.ErrNone
	if x.Runbooks != nil {
		f, err = x.Runbooks.Get(name)
	}
	if errors.Is(err, runbooks.ErrNone) {
		return f, &service.NotFound{Kind: "runbook", ID: jobs.Line(name)}
	}
	f.Err = err
	return f, x.Service.ReadRunbook(name, f.Book)
}

func listRunbooks(x *exchange) error {
	list, err := x.runbooks()
	if err != nil {
		return err
	}
	return x.answer(http.StatusOK, list)
}

func showRunbook(x *exchange) error {
	f, err := x.runbook(x.r.PathValue("file"))
	if err != nil {
		return err
	}
	return x.answer(http.StatusOK, viewOfRunbook(f))
}

// planRunbook counts what a run would do with an upload.
func (x *exchange) planRunbook(u uploads.Upload, b planBody, key string) (plans.Plan, error) {
	f, err := x.runbook(b.Runbook)
	if err == nil {
		err = f.Err
	}
	if err != nil {
		return plans.Plan{}, err
	}
	flow, err := b.flow(f.Book)
	if err != nil {
		return plans.Plan{}, err
	}
	o := service.RunbookOrder{File: f.Name, Flow: flow, PlanOrder: service.PlanOrder{Upload: u.ID, Name: u.Name, Files: x.kept(u.Name, u.ID), Key: key}}
	o.Read.AllowDuplicates, o.Options.Simulated = b.AllowDuplicates, x.Simulated
	if o.Check, err = x.checking(b, flow.App); err != nil {
		return plans.Plan{}, err
	}
	return x.counted(u.ID, func(ctx context.Context) (plans.Plan, error) { return x.Service.AddRunbookPlan(ctx, o) })
}

// flow completes a runbook by what a plan says.
func (b planBody) flow(book *runbook.Runbook) (*runbook.Flow, error) {
	rest := b.Content
	rest.Vars, rest.AllowDuplicates = nil, false
	if !rest.Empty() || b.Mapping != "" || b.Now != "" {
		return nil, &service.Invalid{Field: "runbook", Text: "the runbook says what is done with the rows: leave all out but upload, app, vars, allowDuplicates and check"}
	}
	if b.App != "" && book.App != "" && b.App != book.App {
		return nil, &service.Invalid{Field: "app", Text: "the runbook is for app " + book.App + ", and not for " + jobs.Line(b.App)}
	}
	book.App = cmp.Or(book.App, b.App)
	for _, name := range slices.Sorted(maps.Keys(book.Vars)) {
		if _, given := b.Vars[name]; !given && book.Vars[name] == nil {
			return nil, &service.Invalid{Field: "vars." + name, Text: "the variable " + name + " has no value"}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(b.Vars)) {
		if _, known := book.Vars[name]; !known {
			return nil, &service.Invalid{Field: "vars", Text: "the runbook has no variable " + jobs.Line(name)}
		}
	}
	vars, err := book.Variables(b.Vars)
	if err != nil {
		return nil, err
	}
	return book.Compile(vars)
}

// begunRun is what POST /v1/runs answers.
type begunRun struct {
	Run  string `json:"run"`
	Plan string `json:"plan"`
}

func addRun(x *exchange) error {
	run, plan, err := x.startAsked(true)
	if err != nil {
		return err
	}
	x.w.Header().Set("Location", x.Prefix+"/v1/runs/"+run)
	return x.answer(http.StatusAccepted, begunRun{run, plan})
}
