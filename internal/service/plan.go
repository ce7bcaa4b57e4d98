package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sunbulk/sunbulk/internal/audit"
	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/plan"
	"github.com/sunbulk/sunbulk/internal/plans"
	"github.com/sunbulk/sunbulk/jobs"
)

// PlanOrder asks for a plan of a job.
type PlanOrder struct {
	Upload  string // of the input
	Name    string // of it, for people
	Files   *input.Files
	Read    input.Spec
	Options jobs.Options
	By      By
	Key     string   // by which By makes the same plan once; empty = a new one each time
	Check   Checking // nil = the API is not asked
}

// Checking gives ask what asks the API, unless that refuses the credentials, and returns what was found.
type Checking func(ctx context.Context, opt jobs.Options, ask func(*plan.Checker) error) (*plan.Findings, error)

// Plan counts what a job would do, and keeps that. Its errors: *jobs.OptionError, those of input.Open, *Conflict.
func (s *Service) Plan(ctx context.Context, o PlanOrder) (plans.Plan, error) {
	p, before, err := s.newPlan(ctx, o, fmt.Sprintf("%s %q %+v %t", o.Upload, o.Read.Settings(), o.Options, o.Check != nil))
	if before || err != nil {
		return p, err
	}
	p.Read, p.Options = o.Read, o.Options
	if p.Read.Evaluates() && p.Read.Now == "" {
		p.Read.Now = p.Created.Format(time.RFC3339) // so that the job does what was counted
	}
	if p.Options.Filter, err = p.Read.Filter(); err != nil {
		return p, err
	}
	if wrong := p.Options.Check(); len(wrong) > 0 {
		return p, wrong[0]
	}
	if p.Made, err = count(ctx, o.Files, p); err != nil {
		return p, err
	}
	if o.Check != nil {
		if p.Check, err = o.Check(ctx, p.Options, func(c *plan.Checker) error { return c.Check(ctx, p.Made) }); err != nil {
			return p, err
		}
	}
	return s.addPlan(ctx, o.By, p)
}

// newPlan returns a plan in which nothing is counted, or the one that was made by the same request with its key before.
func (s *Service) newPlan(ctx context.Context, o PlanOrder, request string) (p plans.Plan, before bool, err error) {
	now := time.Now().UTC().Truncate(time.Millisecond)
	p = plans.Plan{ID: jobs.NewID(now), Created: now, Who: o.By.Who, Owner: o.By.Owner, Upload: o.Upload, Name: o.Name}
	if o.Key != "" {
		at, err := s.Once(ctx, o.Key, request)
		if err != nil {
			return p, false, err
		}
		p.ID, p.Created = jobs.DeriveID(at, "plan "+o.Key), at
		if before, err := s.plans.Plan(ctx, p.ID); err == nil {
			return before, true, nil
		}
	}
	p.Job = jobs.DeriveID(p.Created, "job of plan "+p.ID)
	return p, false, nil
}

// addPlan keeps a plan that somebody has made.
func (s *Service) addPlan(ctx context.Context, by By, p plans.Plan) (plans.Plan, error) {
	if err := s.Record(ctx, by, aboutPlan(audit.Plan, p)); err != nil { // first, so that a crash leaves no plan without it (I13)
		return p, errors.Unwrap(err)
	}
	return s.plans.Add(ctx, p)
}

// aboutPlan is an act on a plan.
func aboutPlan(what audit.What, p plans.Plan) audit.Entry {
	return audit.Entry{What: what, App: p.Options.App, Plan: p.ID}
}

// Once returns when a request with an idempotency key came first. Its error is a *Conflict where that was another request.
func (s *Service) Once(ctx context.Context, key, request string) (time.Time, error) {
	at, same, err := s.plans.Once(ctx, key, request)
	if err == nil && !same {
		err = &Conflict{Kind: KeyReused, text: "the idempotency key came before, with another request"}
	}
	return at, err
}

// count reads the whole input.
func count(ctx context.Context, files *input.Files, p plans.Plan) (plan.Plan, error) {
	if files.Pipe() != "" {
		return plan.Plan{}, &Invalid{"upload", "is a pipe: what it will give cannot be planned"}
	}
	reader, err := openPlanned(ctx, files, p)
	if err != nil {
		return plan.Plan{}, err
	}
	defer reader.Close()
	made := plan.Make(reader.Rows(ctx), p.Options)
	made.Inputs = reader.Inputs()
	return made, ctx.Err()
}

func openPlanned(ctx context.Context, files *input.Files, p plans.Plan) (*input.Reader, error) {
	cfg, err := p.Read.Config()
	if err != nil {
		return nil, err
	}
	reader, err := input.Open(ctx, files, cfg)
	if err == nil {
		reader.At(p.Options.Time(p.Created))
	}
	return reader, err
}

// FirstRows returns the first n rows of a plan as they would be sent. They are kept nowhere.
func (s *Service) FirstRows(ctx context.Context, p plans.Plan, files *input.Files, n int) (first []plan.First, err error) {
	reader, err := openPlanned(ctx, files, p)
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	for range plan.Watch(reader.Rows(ctx), min(n, plan.MaxFirst), &first) {
		if len(first) >= n {
			break
		}
	}
	return first, ctx.Err()
}

// PlanOf returns a plan, or *NotFound.
func (s *Service) PlanOf(ctx context.Context, id string) (plans.Plan, error) {
	none := &NotFound{Kind: "plan", ID: jobs.Line(id)}
	if jobs.CheckID(id) != nil {
		return plans.Plan{}, none
	}
	p, err := s.plans.Plan(ctx, id)
	if errors.Is(err, plans.ErrNone) {
		return p, none
	}
	return p, err
}

// mostPlans is how many plans are listed.
const mostPlans = 200

// Plans returns the newest plans.
func (s *Service) Plans(ctx context.Context) ([]plans.Plan, error) {
	return s.plans.Plans(ctx, mostPlans)
}

// StartOrder asks for the job of a plan.
type StartOrder struct {
	Plan     string
	Files    *input.Files // the input
	Approval Approval
	By       By
}

// Start creates the job of a plan: the Submission's Queue queues its rows. However often it is asked for there is one job, and after
// an interruption it goes on; a job that is queued to its end has no Submission. Its errors are those of Submit.
func (s *Service) Start(ctx context.Context, o StartOrder) (jobs.Job, *Submission, error) {
	p, err := s.PlanOf(ctx, o.Plan)
	if err != nil {
		return jobs.Job{}, nil, err
	}
	if p.Runbook != nil {
		return jobs.Job{}, nil, &Invalid{"plan", "plan " + p.ID + " is of a runbook: a run is started of it, and no job"}
	}
	if err := o.Approval.lets(p); err != nil {
		return jobs.Job{}, nil, err
	}
	order := Order{Files: o.Files, Read: p.Read, Options: p.Options, ID: p.Job, By: By{Who: o.By.Who}, planned: true}
	job, err := s.ledger.Job(ctx, p.Job)
	switch {
	case err == nil && (job.Sealed || job.State.Ended()):
		return job, nil, s.started(ctx, p, o.By)
	case err == nil:
		order.Resume = p.Job
	}
	if err := samePlanned(p, o.Files); err != nil {
		return jobs.Job{}, nil, err
	}
	sub, err := s.Begin(ctx, order)
	if err != nil {
		return jobs.Job{}, nil, err
	}
	if id := sub.Job.ID; id != p.Job { // of another plan, and not queued to its end
		sub.Close()
		return jobs.Job{}, nil, &Conflict{Kind: Duplicate, ID: id, State: sub.Job.State, text: "the same input is that of job " + id}
	}
	if err := s.started(ctx, p, o.By); err != nil {
		sub.Close()
		return jobs.Job{}, nil, err
	}
	return sub.Job, sub, nil
}

// started notes in plan and job who planned, approved and started it (I13).
func (s *Service) started(ctx context.Context, p plans.Plan, by By) error {
	if p.Started != nil {
		return nil
	}
	var events []jobs.Event
	if p.Decided != nil {
		events = append(events, jobs.Event{Who: p.Decided.Who, What: jobs.EventApprove, Reason: p.Decided.Reason})
	}
	for _, e := range append(events, jobs.Event{Who: by.Who, What: jobs.EventStart, Reason: cmp.Or(by.Reason, "plan "+p.ID+" of "+p.Who)}) {
		if err := s.ledger.Tell(ctx, p.Job, e); err != nil {
			return err
		}
	}
	e := aboutPlan(audit.Start, p)
	e.Job = p.Job
	return s.noteStart(ctx, p, by, e)
}

// noteStart notes in the audit log and in the plan who started it.
func (s *Service) noteStart(ctx context.Context, p plans.Plan, by By, e audit.Entry) error {
	if err := s.Record(ctx, by, e); err != nil { // before the plan says so, or a crash could leave the entry out (I13)
		return err
	}
	err := s.plans.Start(ctx, p.ID, plans.Act{Who: by.Who, Reason: by.Reason, At: time.Now().UTC(), Digest: p.Digest})
	if errors.Is(err, plans.ErrDone) {
		err = nil
	}
	return err
}

// samePlanned holds files to those that were planned.
func samePlanned(p plans.Plan, files *input.Files) error {
	inputs, err := files.Digest()
	if err != nil {
		return err
	}
	same := len(inputs) == len(p.Made.Inputs)
	for i := 0; same && i < len(inputs); i++ {
		same = inputs[i].Identity() == p.Made.Inputs[i].Identity()
	}
	if !same {
		return &Conflict{Kind: OtherInput, ID: p.ID, text: "this is not the input that was planned"}
	}
	return nil
}
