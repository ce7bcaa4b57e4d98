package web

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/sunbulk/sunbulk/internal/plan"
	"github.com/sunbulk/sunbulk/internal/plans"
	"github.com/sunbulk/sunbulk/internal/runbook"
	"github.com/sunbulk/sunbulk/internal/service"
)

func plansPage(x *exchange) error {
	list, err := x.plans("")
	if err != nil {
		return err
	}
	return x.show(http.StatusOK, "plans", "Plans", list)
}

// planPageView is the page of one plan.
type planPageView struct {
	planView
	Values    []string // paths that the first rows have
	Duration  time.Duration
	Own       bool   // the one who looks made it or asked for its approval
	Confirm   string // to be typed before it is started; empty = nothing
	Confirms  string // what that is
	Numeric   bool   // it is a number
	Book      *runbook.Runbook
	CanStart  bool
	CanAsk    bool
	CanDecide bool
	Wrong     bool
	Typed     string
}

const rowsShown = 20

func planPage(x *exchange) error { return x.showPlan(http.StatusOK, nil) }

func (x *exchange) showPlan(status int, wrong url.Values) error {
	p, err := x.Service.Plan(x.r.Context(), x.r.PathValue("plan"))
	if err != nil {
		return err
	}
	v := planPageView{planView: x.viewOf(p), Duration: p.Made.Duration().Round(time.Second), Wrong: wrong != nil, Typed: wrong.Get("confirm")}
	if v.FirstRows, err = x.firstRows(p, rowsShown); err != nil {
		return err
	}
	v.Values = valuesOf(v.FirstRows)
	v.Own = x.Service.IsOwn(p)
	v.Confirm, v.Confirms = confirmation(p)
	v.Numeric = !p.Unknown()
	if p.Runbook != nil {
		v.Duration = time.Duration(p.Runbook.Seconds * float64(time.Second)).Round(time.Second)
		if p.Runbook.Text != nil { // it is shown to those who may see people
			if v.Book, err = runbook.Decode(p.Runbook.File, p.Runbook.Text); err != nil {
				return err
			}
		}
	}
	approved := p.State() == plans.Approved || !v.NeedsApproval
	v.CanStart = x.actor.May(service.Operate) && approved && p.State() != plans.Refused && p.State() != plans.Started
	v.CanAsk = x.actor.May(service.Operate) && v.NeedsApproval && p.State() == plans.Planned
	v.CanDecide = x.actor.May(service.Approve) && (p.State() == plans.Waiting || p.State() == plans.Planned && v.NeedsApproval)
	return x.show(status, "plan", "Plan of "+p.Name, v)
}

// valuesOf are the paths that any of the rows has, in the order of names.
func valuesOf(rows []plan.First) []string {
	all := map[string]bool{}
	for _, r := range rows {
		for path := range r.Values {
			all[path] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// confirmation is what is typed before people are messaged or clients removed, and what that is.
func confirmation(p plans.Plan) (text, is string) {
	switch removes := p.Removes(); {
	case p.Unknown():
		return p.Runbook.Name, "the name of the runbook"
	case p.People() > 0:
		return strconv.FormatInt(p.People(), 10), "the number of people who get a message"
	case removes > 0:
		return strconv.FormatInt(removes, 10), "the number of clients that are removed"
	}
	return "", ""
}

func (x *exchange) toPlan() error { return &elsewhere{"/plans/" + x.r.PathValue("plan")} }

func askForm(x *exchange) error {
	form, err := x.form()
	if err != nil {
		return err
	}
	if _, err := x.ask(x.r.PathValue("plan"), form.Get("digest"), form.Get("reason")); err != nil {
		return err
	}
	return x.toPlan()
}

func approveForm(x *exchange) error { return x.decideByForm(false) }
func refuseForm(x *exchange) error  { return x.decideByForm(true) }

func (x *exchange) decideByForm(refuse bool) error {
	form, err := x.form()
	if err != nil {
		return err
	}
	if _, err := x.decide(decision{x.r.PathValue("plan"), form.Get("digest"), refuse, form.Get("reason")}); err != nil {
		return err
	}
	return x.toPlan()
}

func startForm(x *exchange) error {
	form, err := x.form()
	if err != nil {
		return err
	}
	p, err := x.Service.Plan(x.r.Context(), x.r.PathValue("plan"))
	if err != nil {
		return err
	}
	if number, _ := confirmation(p); number != "" && !confirmed(form, number) {
		return x.showPlan(http.StatusBadRequest, form)
	}
	made, err := x.start(p.ID, "", form.Get("reason"), p.Runbook != nil)
	switch {
	case err != nil:
		return err
	case p.Runbook != nil:
		return &elsewhere{"/runs/" + made}
	}
	return &elsewhere{"/jobs/" + made}
}
