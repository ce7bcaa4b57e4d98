package service

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/sunbulk/sunbulk/internal/audit"
	"github.com/sunbulk/sunbulk/internal/plans"
)

// Approval says which plans need one.
type Approval struct {
	Default Thresholds
	Apps    map[string]Thresholds // in place of Default
}

// Thresholds are what a plan may reach without an approval; nil = any number.
type Thresholds struct {
	Rows    *int64 `json:"rows"`    // that change something; with 0 every plan needs an approval
	People  *int64 `json:"people"`  // that get a message
	Removes *int64 `json:"removes"` // of clients
}

// Needs tells whether a plan needs an approval. One that changes an unknown number of rows is above every threshold.
func (a Approval) Needs(p plans.Plan) bool {
	t, own := a.Apps[p.Options.App]
	if !own {
		t = a.Default
	}
	if p.Unknown() {
		return t != Thresholds{}
	}
	above := func(n int64, most *int64) bool { return most != nil && n > *most }
	return t.Rows != nil && *t.Rows == 0 || above(p.Changes(), t.Rows) || above(p.People(), t.People) || above(p.Removes(), t.Removes)
}

// lets returns why a plan may not be started: a *Conflict, or nil.
func (a Approval) lets(p plans.Plan) error {
	switch {
	case p.State() == plans.Refused:
		return &Conflict{Kind: PlanRefused, ID: p.ID, text: "plan " + p.ID + " was refused by " + p.Decided.Who}
	case a.Needs(p) && (p.Decided == nil || !p.Decided.Approved):
		return &Conflict{Kind: NeedsApproval, ID: p.ID, text: "plan " + p.ID + " needs an approval"}
	}
	return nil
}

// shown returns a plan that is still the one with a digest.
func (s *Service) shown(ctx context.Context, id, digest string) (plans.Plan, error) {
	p, err := s.PlanOf(ctx, id)
	if err == nil && p.Digest != digest {
		err = &Conflict{Kind: PlanChanged, ID: id, text: "plan " + id + " is not the one that was shown"}
	}
	return p, err
}

// AskApproval notes that somebody asks for one. It may be asked for again.
func (s *Service) AskApproval(ctx context.Context, id, digest string, by By) error {
	p, err := s.shown(ctx, id, digest)
	if err != nil {
		return err
	}
	err = s.plans.Ask(ctx, id, plans.Act{Who: by.Who, Owner: by.Owner, Reason: by.Reason, At: time.Now().UTC(), Digest: digest})
	if errors.Is(err, plans.ErrDone) {
		err = nil
	}
	return s.record(ctx, by, aboutPlan(audit.Ask, p), err)
}

// isOwn tells whether somebody made a plan or asked for its approval, from wherever, also by a token of theirs. Names that differ in case are one person's.
func isOwn(p plans.Plan, who, owner string) bool {
	names := func(who, owner string) []string {
		return slices.DeleteFunc([]string{strings.ToLower(person(who)), strings.ToLower(owner)}, func(name string) bool { return name == "" })
	}
	makers := names(p.Who, p.Owner)
	if p.Asked != nil {
		makers = append(makers, names(p.Asked.Who, p.Asked.Owner)...)
	}
	return slices.ContainsFunc(names(who, owner), func(name string) bool { return slices.Contains(makers, name) })
}

// Decide approves or refuses a plan. Nobody approves what they planned or asked for. Once decided it stays so.
func (s *Service) Decide(ctx context.Context, id, digest string, approve bool, by By) error {
	p, err := s.shown(ctx, id, digest)
	if err != nil {
		return err
	}
	if approve && isOwn(p, by.Who, by.Owner) {
		return &Conflict{Kind: OwnPlan, ID: id, text: "plan " + id + " was made or asked for by " + by.Who + ": somebody else approves it"}
	}
	err = s.plans.Decide(ctx, id, plans.Act{Who: by.Who, Reason: by.Reason, At: time.Now().UTC(), Digest: digest, Approved: approve})
	if errors.Is(err, plans.ErrDone) {
		if p, err = s.PlanOf(ctx, id); err == nil && (p.Decided == nil || p.Decided.Approved != approve) {
			err = &Conflict{Kind: PlanDecided, ID: id, text: "plan " + id + " was decided before"}
		}
	}
	what := audit.Approve
	if !approve {
		what = audit.Refuse
	}
	return s.record(ctx, by, aboutPlan(what, p), err)
}
