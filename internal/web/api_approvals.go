package web

import (
	"net/http"

	"github.com/sunbulk/sunbulk/internal/plans"
	"github.com/sunbulk/sunbulk/jobs"
)

// decision is what POST /v1/approvals takes.
type decision struct {
	Plan   string `json:"plan"`
	Digest string `json:"digest"` // of the plan as it was shown
	Refuse bool   `json:"refuse"`
	Reason string `json:"reason"`
}

// ask asks for an approval.
func (x *exchange) ask(id, digest, reason string) (plans.Plan, error) {
	reason, err := checkedReason(reason)
	if err == nil {
		err = x.Service.AskApproval(x.r.Context(), id, digest, reason)
	}
	if err != nil {
		return plans.Plan{}, err
	}
	x.told("ask for approval", "plan", id)
	return x.Service.Plan(x.r.Context(), id)
}

// decide approves or refuses.
func (x *exchange) decide(d decision) (plans.Plan, error) {
	reason, err := checkedReason(d.Reason)
	if err == nil {
		err = x.Service.Decide(x.r.Context(), d.Plan, d.Digest, !d.Refuse, reason)
	}
	if err != nil {
		return plans.Plan{}, err
	}
	what := jobs.EventApprove
	if d.Refuse {
		what = "refuse"
	}
	x.told(what, "plan", d.Plan)
	return x.Service.Plan(x.r.Context(), d.Plan)
}

func askApproval(x *exchange) error {
	var d decision
	if err := x.read(&d); err != nil {
		return err
	}
	p, err := x.ask(x.r.PathValue("plan"), d.Digest, d.Reason)
	if err != nil {
		return err
	}
	return x.answer(http.StatusOK, x.viewOf(p))
}

func addApproval(x *exchange) error {
	var d decision
	if err := x.read(&d); err != nil {
		return err
	}
	p, err := x.decide(d)
	if err != nil {
		return err
	}
	return x.answer(http.StatusOK, x.viewOf(p))
}

func listApprovals(x *exchange) error {
	list, err := x.plans(plans.Waiting)
	if err != nil {
		return err
	}
	return x.answer(http.StatusOK, list)
}
