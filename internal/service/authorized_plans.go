package service

import (
	"context"
	"slices"

	"github.com/sunbulk/sunbulk/internal/audit"
	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/plan"
	"github.com/sunbulk/sunbulk/internal/plans"
	"github.com/sunbulk/sunbulk/internal/runbook"
	"github.com/sunbulk/sunbulk/jobs"
)

// AddUpload lets the actor send a file: take takes it in under their name, and says what for the audit log.
func (a *Authorized) AddUpload(ctx context.Context, take func(who string) (detail string, err error)) error {
	if err := a.Allow(Operate); err != nil {
		return err
	}
	detail, err := take(a.actor.Name)
	return a.s.record(ctx, a.by(""), audit.Entry{What: audit.Upload, Detail: detail}, err)
}

// UseUpload tells whether the actor may look at an upload and plan with it: who sent it, and an admin.
func (a *Authorized) UseUpload(id, who string) error {
	if err := a.Allow(Operate); err != nil {
		return err
	}
	if who != a.actor.Name && a.actor.Role != Admin {
		return &NotFound{Kind: "upload", ID: jobs.Line(id)}
	}
	return nil
}

// AddPlan counts what a job would do. A key is the actor's own.
func (a *Authorized) AddPlan(ctx context.Context, o PlanOrder) (plans.Plan, error) {
	if err := a.mine(&o, o.Options.App); err != nil {
		return plans.Plan{}, err
	}
	return a.s.Plan(ctx, o)
}

// AddRunbookPlan counts what a run would do.
func (a *Authorized) AddRunbookPlan(ctx context.Context, o RunbookOrder) (plans.Plan, error) {
	if err := a.Allow(Operate); err != nil { // before the order is looked at
		return plans.Plan{}, err
	}
	if err := a.mine(&o.PlanOrder, o.Flow.App); err != nil {
		return plans.Plan{}, err
	}
	return a.s.PlanRunbook(ctx, o)
}

// mine makes an order for an app that of the actor.
func (a *Authorized) mine(o *PlanOrder, app string) error {
	if err := a.Allow(Operate); err != nil {
		return err
	}
	if app == "" {
		return &Invalid{Field: "app", Text: "no app id is given"}
	}
	if !a.actor.Sees(app) {
		return &NotFound{Kind: "app", ID: jobs.Line(app)}
	}
	if o.Key != "" {
		o.Key = "plan\x00" + a.actor.Name + "\x00" + o.Key
	}
	o.By = a.by("")
	return nil
}

// ReadRunbook tells whether the actor may read the runbook of a file, which may name people; nil is one that cannot be read. One of another
// app is not there, and one without an app is for the runs of all.
func (a *Authorized) ReadRunbook(file string, book *runbook.Runbook) error {
	if err := a.Allow(People); err != nil {
		return err
	}
	if book == nil && a.actor.Apps != nil || book != nil && book.App != "" && !a.actor.Sees(book.App) {
		return &NotFound{Kind: "runbook", ID: jobs.Line(file)}
	}
	return nil
}

// Plan returns one.
func (a *Authorized) Plan(ctx context.Context, id string) (plans.Plan, error) {
	return a.plan(ctx, See, id)
}

func (a *Authorized) plan(ctx context.Context, r Right, id string) (plans.Plan, error) {
	if err := a.Allow(r); err != nil {
		return plans.Plan{}, err
	}
	p, err := a.s.PlanOf(ctx, id)
	if err := a.whose(p.Options.App, "plan", id, err); err != nil {
		return plans.Plan{}, err
	}
	return a.maskedPlan(p), nil
}

func (a *Authorized) maskedPlan(p plans.Plan) plans.Plan {
	if !a.actor.May(People) {
		p.Made.Samples = slices.Clone(p.Made.Samples)
		for i := range p.Made.Samples {
			p.Made.Samples[i].Cause = hide(p.Made.Samples[i].Cause)
		}
		if p.Runbook != nil {
			book := *p.Runbook
			book.Text, book.Vars = nil, nil
			p.Runbook = &book
		}
	}
	return p
}

// Plans returns the newest plans that the actor may see.
func (a *Authorized) Plans(ctx context.Context) (mine []plans.Plan, err error) {
	if err := a.Allow(See); err != nil {
		return nil, err
	}
	all, err := a.s.Plans(ctx)
	for _, p := range all {
		if a.actor.Sees(p.Options.App) {
			mine = append(mine, a.maskedPlan(p))
		}
	}
	return mine, err
}

// FirstRows returns the first n rows of a plan as they would be sent, to those who may see people: nil to others.
func (a *Authorized) FirstRows(ctx context.Context, id string, files *input.Files, n int) ([]plan.First, error) {
	p, err := a.Plan(ctx, id)
	if err != nil || !a.actor.May(People) || n < 1 || p.Runbook != nil {
		return nil, err
	}
	if err := a.sawPeople(ctx, audit.Entry{App: p.Options.App, Plan: p.ID}); err != nil {
		return nil, err
	}
	return a.s.FirstRows(ctx, p, files, n)
}

// IsOwn tells whether the actor made a plan or asked for its approval, and so cannot approve it.
func (a *Authorized) IsOwn(p plans.Plan) bool { return isOwn(p, a.actor.Who(), a.actor.Owner) }

// AskApproval asks for one.
func (a *Authorized) AskApproval(ctx context.Context, id, digest, reason string) error {
	if _, err := a.plan(ctx, Operate, id); err != nil {
		return err
	}
	return a.s.AskApproval(ctx, id, digest, a.by(reason))
}

// Decide approves or refuses a plan.
func (a *Authorized) Decide(ctx context.Context, id, digest string, approve bool, reason string) error {
	if _, err := a.plan(ctx, Approve, id); err != nil {
		return err
	}
	return a.s.Decide(ctx, id, digest, approve, a.by(reason))
}

// ToStart returns a plan that the actor may start, and who that is. A key is the actor's own, and belongs to one plan.
func (a *Authorized) ToStart(ctx context.Context, id, key, reason string) (plans.Plan, By, error) {
	if err := a.Allow(Operate); err != nil {
		return plans.Plan{}, By{}, err
	}
	if key != "" {
		if _, err := a.s.Once(ctx, "job\x00"+a.actor.Name+"\x00"+key, id); err != nil {
			return plans.Plan{}, By{}, err
		}
	}
	p, err := a.Plan(ctx, id)
	return p, a.by(reason), err
}
