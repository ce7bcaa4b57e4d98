package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sunbulk/sunbulk/internal/audit"
	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/runs"
	"github.com/sunbulk/sunbulk/jobs"
)

// Already is the state in which a job or a run was before it was asked to be so; zero where it was moved.
type Already struct {
	State  jobs.State
	Reason string
}

// already tells whether what is in a state was asked for it.
func already(is, asked jobs.State, reason string) Already {
	if is == asked || asked == jobs.Running && is == jobs.Enqueuing {
		return Already{is, reason}
	}
	return Already{}
}

// Pause stops the calls of a job; calls in flight end. A pause by its window becomes one that lasts.
func (s *Service) Pause(ctx context.Context, id string, by By) (Already, error) {
	job, err := s.Job(ctx, id)
	if err != nil {
		return Already{}, err
	}
	a := already(job.State, jobs.Paused, job.Reason)
	if job.WaitsForWindow() {
		a = Already{}
	}
	return a, s.moved(ctx, job, audit.Pause, by, s.pause(ctx, id, jobs.PauseByHand, by))
}

// Resume lets a paused job go on. With a time zone it goes on in that; without, *Invalid where it has a window or a deadline and
// no zone.
func (s *Service) Resume(ctx context.Context, id, zone string, by By) (Already, error) {
	job, err := s.Job(ctx, id)
	switch {
	case err != nil:
		return Already{}, err
	case job.State.Ended():
		return Already{}, s.aboutJob(ctx, id, fmt.Errorf("job %s is %s: %w", id, job.State, ledger.ErrIllegal))
	}
	if err := s.setZone(ctx, job, zone, by); err != nil {
		return Already{}, err
	}
	if job.State != jobs.Paused {
		return already(job.State, jobs.Running, ""), s.moved(ctx, job, audit.Resume, by, s.queues.Resume(id)) // which a crash may have left paused
	}
	return Already{}, s.moved(ctx, job, audit.Resume, by, s.resume(ctx, id, by))
}

// setZone gives a paused job the time zone that is asked for, if any.
func (s *Service) setZone(ctx context.Context, job jobs.Job, zone string, by By) error {
	amended, changes := job.Options.Amend(jobs.Options{Schedule: jobs.Schedule{Timezone: zone}}, func(flag string) bool { return flag == "timezone" && zone != "" }, time.Now())
	wrong := amended.Check()
	switch {
	case zone == "" && amended.Unclear() != "":
		return &Invalid{"timezone", "job " + job.ID + ": " + amended.Unclear()}
	case zone == "":
		return nil
	case amended.Window == "" && amended.FinishBy == "":
		return &Invalid{"timezone", "job " + job.ID + " has neither a --window nor a --finish-by"}
	case len(wrong) > 0:
		return &Invalid{wrong[0].Option, wrong[0].Cause}
	case len(changes) == 0:
		return nil
	case job.State != jobs.Paused:
		return &Invalid{"timezone", fmt.Sprintf("job %s is %s, and goes on in another time zone only after a pause", job.ID, job.State)}
	}
	return s.ledger.Amend(ctx, job.ID, by.Who, amended, changes)
}

// Cancel ends a job; rows without an outcome stay unprocessed.
func (s *Service) Cancel(ctx context.Context, id string, by By) (Already, error) {
	job, err := s.Job(ctx, id)
	if err != nil {
		return Already{}, err
	}
	return already(job.State, jobs.Cancelled, job.Reason), s.moved(ctx, job, audit.Cancel, by, s.ledger.Cancel(ctx, id, by.Who, because("cancelled", by)))
}

// moved records that somebody moved a job, unless err says that it was not.
func (s *Service) moved(ctx context.Context, job jobs.Job, what audit.What, by By, err error) error {
	return s.record(ctx, by, audit.Entry{What: what, App: job.Options.App, Job: job.ID, Of: job.Options.Run}, s.aboutJob(ctx, job.ID, err))
}

// PauseRun stops the calls of a run; calls in flight end.
func (s *Service) PauseRun(ctx context.Context, id string, by By) (Already, error) {
	v, err := s.Run(ctx, id)
	if err != nil {
		return Already{}, err
	}
	given := by
	by.Reason = because("paused", by)
	if err := s.runs.Pause(ctx, id, by.Who, jobs.PauseByHand, by.Reason); err != nil {
		return Already{}, s.aboutRun(ctx, id, err)
	}
	err = s.eachJob(ctx, id, func(job jobs.Job) error { return s.pause(ctx, job.ID, jobs.PauseRun, by) })
	return already(v.Run.State, jobs.Paused, v.Run.Reason), s.movedRun(ctx, v, audit.Pause, given, err)
}

// ResumeRun lets a paused run go on. One that is paused by a cap goes on only where it may exceed it.
func (s *Service) ResumeRun(ctx context.Context, id string, exceedCap bool, by By) (Already, error) {
	v, err := s.Run(ctx, id)
	kind, _ := v.Paused()
	switch {
	case err != nil:
		return Already{}, err
	case v.Run.State.Ended():
		return Already{}, s.aboutRun(ctx, id, fmt.Errorf("run %s is %s: %w", id, v.Run.State, runs.ErrIllegal))
	case kind == "":
		return already(v.Run.State, jobs.Running, ""), s.movedRun(ctx, v, audit.Resume, by, nil)
	}
	step := 0
	if kind == jobs.PauseCap {
		if !exceedCap {
			return Already{}, &Conflict{Kind: CapExceeded, ID: id, State: jobs.Paused, text: "run " + id + " is paused: " + v.Run.Reason}
		}
		step = v.Run.Step + 1
	}
	// The run first: while it is paused, workers pause its job.
	if err := s.runs.Resume(ctx, id, by.Who, step); err != nil {
		return Already{}, s.aboutRun(ctx, id, err)
	}
	err = s.eachJob(ctx, id, func(job jobs.Job) error {
		if job.State != jobs.Paused {
			return nil
		}
		return s.resume(ctx, job.ID, by)
	})
	return Already{}, s.movedRun(ctx, v, audit.Resume, by, err)
}

// CancelRun ends a run and the job of its step; rows stay where they are.
func (s *Service) CancelRun(ctx context.Context, id string, by By) (Already, error) {
	v, err := s.Run(ctx, id)
	if err != nil {
		return Already{}, err
	}
	given := by
	by.Reason = because("cancelled", by)
	if err := s.runs.Cancel(ctx, id, by.Who, by.Reason); err != nil {
		return Already{}, s.aboutRun(ctx, id, err)
	}
	err = s.eachJob(ctx, id, func(job jobs.Job) error { return s.ledger.Cancel(ctx, job.ID, by.Who, by.Reason) })
	return already(v.Run.State, jobs.Cancelled, v.Run.Reason), s.movedRun(ctx, v, audit.Cancel, given, err)
}

// movedRun is moved for a run.
func (s *Service) movedRun(ctx context.Context, v RunView, what audit.What, by By, err error) error {
	return s.record(ctx, by, audit.Entry{What: what, App: v.Run.Runbook.App, Run: v.Run.ID}, err)
}

// pause and resume move a job in the ledger, which decides, and in its queue. Between the two the ledger says paused, so that what
// a crash leaves half done can be done again.
func (s *Service) pause(ctx context.Context, job string, kind jobs.PauseKind, by By) error {
	if err := s.ledger.Pause(ctx, job, by.Who, kind, because("paused", by)); err != nil {
		return err
	}
	return s.queues.Pause(job)
}

func (s *Service) resume(ctx context.Context, job string, by By) error {
	if err := s.queues.Resume(job); err != nil {
		return err
	}
	return s.ledger.Resume(ctx, job, by.Who, by.Reason)
}

// because is the reason that is given, or who did it.
func because(done string, by By) string { return cmp.Or(by.Reason, done+" by "+by.Who) }

// eachJob does something with every job of a run that has not ended, as they are now: one may have been made since
// the run was moved.
func (s *Service) eachJob(ctx context.Context, run string, do func(jobs.Job) error) error {
	v, err := s.Run(ctx, run)
	if err != nil {
		return err
	}
	for _, job := range v.Jobs {
		if job.State.Ended() {
			continue
		}
		if err := do(job); err != nil && !errors.Is(err, ledger.ErrIllegal) { // it ended meanwhile
			return err
		}
	}
	return nil
}

// hearing is how long workers take to hear that a job stops: they ask for its state twice a second.
const hearing = 800 * time.Millisecond

// InFlight returns how many calls of a job that was stopped are still in flight, once all workers have heard of it, or should have.
func (s *Service) InFlight(ctx context.Context, id string) (calls int64, err error) {
	for last := time.Now().Add(hearing); ; {
		workers, err := s.ledger.Workers(ctx, id)
		if err != nil {
			return 0, err
		}
		calls = 0
		heard := true
		for _, w := range workers {
			calls += w.InFlight
			heard = heard && w.Doing == ledger.Stopping
		}
		if heard || time.Now().After(last) {
			return calls, nil
		}
		select {
		case <-ctx.Done():
			return 0, nil
		case <-time.After(50 * time.Millisecond):
		}
	}
}
