package schedule

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/internal/runbook"
	"github.com/sunbulk/sunbulk/jobs"
)

var created = line{What: "created", Who: "ann"}

func TestSlotStartsWhenItIsDueAndTellsItsResult(t *testing.T) {
	r := start(t)
	slot := r.apply(nil)
	r.look(slot.Add(-time.Second))
	if diff := cmp.Diff([]line{created}, r.history()); diff != "" {
		t.Errorf("history before the slot (-want +got):\n%s", diff)
	}
	r.look(slot)
	r.look(slot.Add(time.Second))
	run := runOf(slot)
	if diff := cmp.Diff([]line{{What: Started, Run: run}, created}, r.history()); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
	rows := jobs.Tally{Read: 3, OK: 2, Failed: 1}
	r.runs.set(run, Run{State: "finished", Ended: true, Rows: rows})
	r.look(slot.Add(time.Minute))
	r.look(slot.Add(2 * time.Minute))
	if diff := cmp.Diff([]line{{What: Started, Run: run, State: "finished", Rows: &rows}, created}, r.history()); diff != "" {
		t.Errorf("history after the run (-want +got):\n%s", diff)
	}
	d, err := r.store.Get(t.Context(), "nightly")
	if err != nil || len(d.Running) > 0 {
		t.Errorf("running: got %v, %v, want none", d.Running, err)
	}
	if len(r.told) > 0 {
		t.Errorf("told: %v", r.told)
	}
}

func TestOtherAppsAreLeftAlone(t *testing.T) {
	r := start(t)
	slot := r.apply(nil)
	r.cfg.Apps = []string{"other"}
	r.look(slot)
	if diff := cmp.Diff([]line{created}, r.history()); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
}

func TestOverlap(t *testing.T) {
	slotAfter := func(slot time.Time, n int) time.Time { return slot.Add(time.Duration(n) * time.Hour) }
	t.Run("skip", func(t *testing.T) {
		r := start(t)
		slot := r.apply(nil)
		r.look(slot)
		r.runs.set(runOf(slot), Run{State: "paused", Reason: "too many failures"})
		r.look(slotAfter(slot, 1))
		r.runs.set(runOf(slot), Run{State: "finished", Ended: true})
		r.look(slotAfter(slot, 2))
		want := []line{
			{What: Started, Run: runOf(slotAfter(slot, 2))},
			{What: Skipped, Run: runOf(slotAfter(slot, 1)), Reason: "run " + runOf(slot) + " is still paused: too many failures"},
			{What: Started, Run: runOf(slot), State: "finished", Rows: &jobs.Tally{}}, created,
		}
		if diff := cmp.Diff(want, r.history()); diff != "" {
			t.Errorf("history (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(want[1:2], lines(r.told)); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
	})
	t.Run("wait", func(t *testing.T) {
		r := start(t)
		slot := r.apply(func(s *runbook.Schedule) { s.Overlap = "wait"; s.CatchUp = runbook.Duration(10 * time.Minute) })
		r.look(slot)
		r.look(slotAfter(slot, 1))
		r.look(slotAfter(slot, 2)) // takes the place of the one before
		r.look(slotAfter(slot, 2).Add(50 * time.Minute))
		r.runs.set(runOf(slot), Run{State: "finished", Ended: true})
		r.look(slotAfter(slot, 2).Add(51 * time.Minute)) // later than catch_up, but it was there
		want := []line{
			{What: Started, Run: runOf(slotAfter(slot, 2))},
			{What: Skipped, Reason: "a newer slot has come while it waited"},
			{What: Started, Run: runOf(slot), State: "finished", Rows: &jobs.Tally{}}, created,
		}
		if diff := cmp.Diff(want, r.history()); diff != "" {
			t.Errorf("history (-want +got):\n%s", diff)
		}
	})
	t.Run("cancel_running", func(t *testing.T) {
		r := start(t)
		slot := r.apply(func(s *runbook.Schedule) { s.Overlap = "cancel_running" })
		r.look(slot)
		r.look(slotAfter(slot, 1))
		if diff := cmp.Diff([]string{runOf(slot)}, r.runs.cancel); diff != "" {
			t.Errorf("cancelled (-want +got):\n%s", diff)
		}
		r.runs.set(runOf(slot), Run{State: "cancelled", Ended: true, Reason: "the next run is due"})
		r.look(slotAfter(slot, 1).Add(time.Second))
		want := []line{
			{What: Started, Run: runOf(slotAfter(slot, 1))},
			{What: Started, Run: runOf(slot), State: "cancelled", Reason: "the next run is due", Rows: &jobs.Tally{}}, created,
		}
		if diff := cmp.Diff(want, r.history()); diff != "" {
			t.Errorf("history (-want +got):\n%s", diff)
		}
	})
}

func TestTriggeredRunStartsWhilePausedButNotBesideAnother(t *testing.T) {
	r := start(t)
	ctx := t.Context()
	slot := r.apply(func(s *runbook.Schedule) { s.Paused = true })
	run, err := r.store.Trigger(ctx, "nightly", "bob@host:1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.store.Trigger(ctx, "nightly", "cid"); !errors.Is(err, ErrIllegal) {
		t.Errorf("second trigger: got %v, want ErrIllegal", err)
	}
	r.look(slot.Add(-time.Minute))
	second, err := r.store.Trigger(ctx, "nightly", "bob@host:1")
	if err != nil {
		t.Fatal(err)
	}
	r.look(slot.Add(-time.Minute))
	want := []line{
		{What: Skipped, Run: second, Who: "bob@host:1", Reason: "run " + run + " is still running"},
		{What: "triggered", Run: second, Who: "bob@host:1"},
		{What: Started, Run: run, Who: "bob@host:1"},
		{What: "triggered", Run: run, Who: "bob@host:1"}, created,
	}
	if diff := cmp.Diff(want, r.history()); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
}

func TestJitterDelaysTheStart(t *testing.T) {
	r := start(t)
	slot := r.apply(func(s *runbook.Schedule) { s.Jitter = runbook.Duration(50 * time.Minute) })
	d, err := r.store.Get(t.Context(), "nightly")
	if err != nil {
		t.Fatal(err)
	}
	table, err := Parse(d.Runbook)
	if err != nil {
		t.Fatal(err)
	}
	due := table.Start(slot)
	r.look(due.Add(-time.Second))
	if diff := cmp.Diff([]line{created}, r.history()); diff != "" {
		t.Errorf("history before the start (-want +got):\n%s", diff)
	}
	r.look(due)
	if got, want := r.history()[0], (line{What: Started, Run: runOf(slot)}); got != want {
		t.Errorf("at the start: got %+v, want %+v", got, want)
	}
}

func TestScheduleThatCannotBeReadIsSaidOnceAndServedAgainWhenItIsMended(t *testing.T) {
	r := start(t)
	var log strings.Builder
	r.cfg.Logger = slog.New(slog.NewTextHandler(&log, nil))
	slot := r.apply(nil)
	if err := r.rdb.HSet(t.Context(), key("nightly"), "runbook", `{"name":"nightly","newer":true}`).Err(); err != nil {
		t.Fatal(err)
	}
	r.look(slot)
	r.look(slot)
	if got, want := strings.Count(log.String(), "cannot serve schedule"), 1; got != want {
		t.Errorf("said: got %d times, want %d\n%s", got, want, log.String())
	}
	r.apply(nil)
	r.look(slot)
	if got, want := r.history()[0], (line{What: Started, Run: runOf(slot)}); got != want {
		t.Errorf("after it was applied again: got %+v, want %+v", got, want)
	}
}
