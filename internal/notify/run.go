package notify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/runs"
	"github.com/sunbulk/sunbulk/internal/schedule"
	"github.com/sunbulk/sunbulk/jobs"
)

// tellOfRun makes the attempts that are due for a run of a runbook, and tells whether nothing more is to be reported about it.
func (n *Notifier) tellOfRun(ctx context.Context, id string) (done bool, err error) {
	r, err := n.runs.Run(ctx, id)
	if err != nil {
		return false, err
	}
	if !slices.Contains(n.cfg.Apps, r.Runbook.App) {
		return true, nil
	}
	all := ofRun(&r)
	if !n.due(all) {
		return r.State.Ended(), nil
	}
	rows, err := n.rowsOf(ctx, &r)
	if err != nil {
		return false, err
	}
	for i := range all {
		all[i].Rows = rows
	}
	owed, err := n.attemptAll(ctx, all)
	if done = r.State.Ended() && owed == 0 && err == nil; done {
		n.drop(all)
	}
	return done, err
}

// due tells whether any of the notices is not settled.
func (n *Notifier) due(all []Notice) bool {
	return slices.ContainsFunc(all, func(notice Notice) bool { return !n.settled[notice.ID] })
}

// rowsOf counts the rows of a run, as its report does.
func (n *Notifier) rowsOf(ctx context.Context, r *runs.Run) (jobs.Tally, error) {
	var steps []jobs.Job
	for i := range r.Runbook.Steps {
		job, err := n.ledger.Job(ctx, r.Job(i))
		if errors.Is(err, ledger.ErrNoJob) {
			break
		}
		if err != nil {
			return jobs.Tally{}, err
		}
		steps = append(steps, job)
	}
	return r.Tally(steps), nil
}

// ofRun are the notices of what a run has gone through, those that its runbook asks for. Pauses that came over its jobs
// alone are reported as theirs.
func ofRun(r *runs.Run) []Notice {
	var all []Notice
	add := func(event Event, key string, at time.Time, kind jobs.PauseKind, reason, hint string) {
		if !wanted(r.Runbook.Notify, event) {
			return
		}
		all = append(all, Notice{
			ID: r.ID + ":" + key, Event: event, At: at.UTC(), Run: r.ID, Runbook: r.Runbook.Name, Schedule: r.Schedule, App: r.Runbook.App,
			State: r.State, Kind: kind, Reason: reason, Times: Times{Created: r.Created, Finished: r.Ended}, Hint: hint, owner: r.ID, key: key,
		})
	}
	for i, e := range r.Events {
		if e.What == jobs.EventPause {
			add(Paused, fmt.Sprintf("%s:%d", Paused, i+1), e.At, e.Kind, e.Reason, fmt.Sprintf("mend the cause, then 'sunbulk runbook resume %s'", r.ID))
		}
	}
	hint := fmt.Sprintf("'sunbulk runbook report %s' tells how far each row came", r.ID)
	switch r.State {
	case jobs.Finished:
		add(Finished, string(Finished), r.Ended, "", "", hint)
	case jobs.Cancelled:
		add(Cancelled, string(Cancelled), r.Ended, "", r.Reason, hint)
	}
	return all
}

// wanted tells whether a runbook asks for notices of an event; one that asks for none in particular gets all.
func wanted(events []string, e Event) bool {
	return events == nil || slices.Contains(events, string(e))
}

// wantedOfStep tells whether people are to hear of an event of a job: the end of a step's job is no news, nor is what
// became of it because that became of its run, which may ask for less.
func (n *Notifier) wantedOfStep(ctx context.Context, job jobs.Job, notice Notice) (bool, error) {
	switch {
	case job.Options.Run == "":
		return true, nil
	case notice.Event == Finished || notice.Event == Cancelled:
		return false, nil
	}
	r, err := n.runs.Run(ctx, job.Options.Run)
	if errors.Is(err, runs.ErrNoRun) {
		return true, nil
	}
	if err != nil || !wanted(r.Runbook.Notify, notice.Event) {
		return false, err
	}
	return notice.Kind != jobs.PauseRun, nil
}

// NotStarted makes one attempt to report slots of a schedule that started no run. It may come again after an
// error.
func (n *Notifier) NotStarted(ctx context.Context, s *schedule.Schedule, e schedule.Entry) error {
	if !wanted(s.Runbook.Notify, NotStarted) {
		return nil
	}
	reason := e.Reason
	if e.What != schedule.NotStarted {
		reason = strings.TrimSuffix(fmt.Sprintf("%s: %s", e.What, e.Reason), ": ")
	}
	notice := Notice{
		ID: "schedule:" + s.Name + ":" + e.ID, Event: NotStarted, At: e.At.UTC(), Runbook: s.Runbook.Name, Schedule: s.Name, App: s.Runbook.App,
		Reason: reason, Times: Times{Created: e.Slot}, Hint: fmt.Sprintf("'sunbulk schedule history %[1]s' tells more; 'sunbulk schedule trigger %[1]s' starts a run now", s.Name),
	}
	err := n.hook.post(ctx, notice)
	answer, answered := errors.AsType[*rejection](err)
	switch {
	case err == nil:
		n.cfg.Noticed(string(NotStarted), "delivered")
	case answered && answer.final():
		n.cfg.Logger.Error("gave notice up", "schedule", s.Name, "error", err)
		n.cfg.Noticed(string(NotStarted), "given_up")
		return nil
	default:
		n.cfg.Noticed(string(NotStarted), "failed")
	}
	return err
}
