package schedule

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
)

// The words of overlap.
const (
	overlapWait   = "wait"
	overlapCancel = "cancel_running"
)

// defaultCatchUp is how late a slot may start.
const defaultCatchUp = time.Hour

// serve does what is due of a schedule: it notes the ends of runs, continues an order whose worker
// is gone, and deals with the run that somebody asked for, or the slots that have come.
func (s *Server) serve(ctx context.Context, k *known, st standing, now time.Time) error {
	going, err := s.results(ctx, k, st)
	if err != nil {
		return err
	}
	if st.order != "" {
		return s.takeOver(ctx, k, st, now)
	}
	if st.trigger != "" {
		return s.deal(ctx, k, st, claim{"trigger", st.trigger, ""}, parseOrder(st.trigger), now, going)
	}
	slot, earlier := k.due(parseMillis(st.last), now)
	if slot.IsZero() {
		return nil
	}
	if len(earlier) > 0 {
		c := claim{"last", st.last, millis(earlier[len(earlier)-1])}
		e := Entry{What: Missed, Slot: earlier[0], Slots: int64(len(earlier)), Reason: "only the newest of several slots is caught up"}
		if st.waiting == millis(earlier[0]) {
			e.What, e.Reason = Skipped, "a newer slot has come while it waited"
		}
		if ok, err := s.pass(ctx, k, c, e); !ok {
			return err
		}
		st.last = c.after
	}
	o := order{run: jobs.DeriveID(slot, k.Name+millis(slot)), slot: slot}
	return s.deal(ctx, k, st, claim{"last", st.last, millis(slot)}, o, now, going)
}

// due returns the newest slot since the last that should have started, and those before it. It is
// zero when there is none.
func (t *Timetable) due(last, now time.Time) (slot time.Time, earlier []time.Time) {
	for next, ok := t.Next(last); ok && !t.Start(next).After(now); next, ok = t.Next(next) {
		if !slot.IsZero() {
			earlier = append(earlier, slot)
		}
		slot = next
	}
	return slot, earlier
}

// deal starts a run, unless the schedule is paused, it is too late, or a run before goes on.
func (s *Server) deal(ctx context.Context, k *known, st standing, c claim, o order, now time.Time, going []string) error {
	pass := func(what What, reason string) error {
		_, err := s.pass(ctx, k, c, o.entry(what, reason))
		return err
	}
	late := k.lateness(o, now)
	switch {
	case st.paused && o.who == "":
		return pass(Skipped, "the schedule is paused: "+st.reason)
	case late > k.catchUp() && st.waiting != millis(o.slot):
		return pass(Missed, fmt.Sprintf("%s late, longer than catch_up (%s)", late.Truncate(time.Second), k.catchUp()))
	case len(going) > 0 && k.Runbook.Schedule.Overlap == overlapCancel:
		for _, run := range going {
			if err := s.cfg.Starter.Cancel(ctx, run, "schedule "+k.Name, "the next run is due"); err != nil {
				return fmt.Errorf("cancel run %s: %w", run, err)
			}
		}
		fallthrough // it may take a while to end
	case len(going) > 0 && k.Runbook.Schedule.Overlap == overlapWait:
		return s.store.wait(ctx, st, o.slot)
	case len(going) > 0:
		run, err := s.cfg.Starter.State(ctx, going[0])
		if err != nil {
			return fmt.Errorf("read run %s: %w", going[0], err)
		}
		reason := fmt.Sprintf("run %s is still %s", going[0], run.State)
		if run.Reason != "" {
			reason += ": " + run.Reason
		}
		return pass(Skipped, reason)
	}
	fence, err := s.store.take(ctx, k.Name, c, o, s.lease)
	if err != nil || fence == 0 {
		return err
	}
	return s.start(ctx, k, o, fence)
}

// takeOver continues an order whose worker let it go or fell silent. When it is too late for its
// run, and there is none yet, none is started.
func (s *Server) takeOver(ctx context.Context, k *known, st standing, now time.Time) error {
	o := parseOrder(st.order)
	fence, err := s.store.hold(ctx, k.Name, o, s.lease)
	if err != nil || fence == 0 {
		return err
	}
	if late := k.lateness(o, now); late > k.catchUp() {
		run, err := s.cfg.Starter.State(ctx, o.run)
		if err != nil {
			return fmt.Errorf("read run %s: %w", o.run, err)
		}
		if run.State == "" {
			reason := fmt.Sprintf("no worker could start it within catch_up (%s)", k.catchUp())
			if st.trouble != "" {
				reason += ": " + st.trouble
			}
			return s.settle(ctx, k, fence, o.entry(NotStarted, reason))
		}
	}
	return s.start(ctx, k, o, fence)
}

// start starts the run of an order, which is this server's as long as it renews the lease.
func (s *Server) start(ctx context.Context, k *known, o order, fence int64) error {
	starting, end := context.WithCancel(ctx)
	renewed := make(chan struct{})
	go func() {
		defer close(renewed)
		defer end()
		s.renew(starting, k.Name, fence)
	}()
	err := s.cfg.Starter.Start(starting, o.run, k.Runbook, k.Vars)
	stopped := ctx.Err() != nil
	lost := starting.Err() != nil && !stopped
	end()
	<-renewed
	refusal, refused := errors.AsType[*Refusal](err)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.lease) // what was done is noted, also at the end
	defer cancel()
	switch {
	case err == nil:
		return s.settle(ctx, k, fence, o.entry(Started, ""))
	case refused:
		return s.settle(ctx, k, fence, o.entry(NotStarted, refusal.Reason))
	case lost:
		return fmt.Errorf("start run %s: another worker has taken it over", o.run)
	case stopped:
		_, err := s.store.keep(ctx, k.Name, fence, 0, "")
		return err
	}
	s.cfg.Logger.Warn("could not start scheduled run; trying again", "schedule", k.Name, "run", o.run, "error", err)
	_, err = s.store.keep(ctx, k.Name, fence, s.pause, err.Error())
	return err
}

// renew keeps an order until ctx ends, or another worker has it.
func (s *Server) renew(ctx context.Context, name string, fence int64) {
	tick := time.NewTicker(s.lease / 3)
	defer tick.Stop()
	for kept := time.Now(); ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		ours, err := s.store.keep(ctx, name, fence, s.lease, "")
		switch {
		case err == nil && ours:
			kept = time.Now()
		case err == nil || time.Since(kept) > s.lease:
			return
		}
	}
}

// results notes the runs that have ended, and returns those that go on.
func (s *Server) results(ctx context.Context, k *known, st standing) (going []string, err error) {
	for _, id := range st.running {
		run, err := s.cfg.Starter.State(ctx, id)
		if err != nil {
			return nil, fmt.Errorf("read run %s: %w", id, err)
		}
		if run.State != "" && !run.Ended {
			going = append(going, id)
			continue
		}
		e := Entry{What: Ended, Run: id, State: run.State, Reason: run.Reason, Rows: &run.Rows}
		if run.State == "" {
			e.State, e.Rows = "gone", nil
		}
		noted, err := s.store.ended(ctx, k.Name, e)
		if err != nil {
			return nil, err
		}
		if noted {
			s.cfg.Logger.Info("scheduled run ended", "schedule", k.Name, "run", id, "state", e.State, "reason", e.Reason)
		}
	}
	return going, nil
}

// lateness is how long ago the run of an order should have started.
func (k *known) lateness(o order, now time.Time) time.Duration {
	if o.who != "" {
		return now.Sub(o.slot)
	}
	return now.Sub(k.Start(o.slot))
}

func (k *known) catchUp() time.Duration {
	if d := time.Duration(k.Runbook.Schedule.CatchUp); d > 0 {
		return d
	}
	return defaultCatchUp
}
