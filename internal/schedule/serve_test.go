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

func TestMissedSlotsAreSaidAndTheNewestIsCaughtUp(t *testing.T) {
	r := start(t)
	slot := r.apply(nil)
	for range 2 {
		r.look(slot.Add(3*time.Hour + 30*time.Minute)) // four slots have come
	}
	want := []line{
		{What: Started, Run: runOf(slot.Add(3 * time.Hour))},
		{What: Missed, Slots: 3, Reason: "only the newest of several slots is caught up"}, created,
	}
	if diff := cmp.Diff(want, r.history()); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want[1:2], lines(r.told)); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

func TestSlotThatIsMissedForLongerThanCatchUpStartsNoRun(t *testing.T) {
	r := start(t)
	slot := r.apply(func(s *runbook.Schedule) { s.CatchUp = runbook.Duration(20 * time.Minute) })
	r.look(slot.Add(30 * time.Minute))
	want := []line{{What: Missed, Run: runOf(slot), Reason: "30m0s late, longer than catch_up (20m0s)"}, created}
	if diff := cmp.Diff(want, r.history()); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
}

func TestPausedScheduleSkipsAndIsNotCaughtUp(t *testing.T) {
	r := start(t)
	slot := r.apply(nil)
	ctx := t.Context()
	if err := r.store.Pause(ctx, "nightly", "bob", "vendor maintenance"); err != nil {
		t.Fatal(err)
	}
	if err := r.store.Pause(ctx, "nightly", "bob", ""); !errors.Is(err, ErrIllegal) {
		t.Errorf("second pause: got %v, want ErrIllegal", err)
	}
	r.look(slot)
	if err := r.store.Resume(ctx, "nightly", "cid", "it is over"); err != nil {
		t.Fatal(err)
	}
	if err := r.store.Resume(ctx, "nightly", "cid", ""); !errors.Is(err, ErrIllegal) {
		t.Errorf("second resume: got %v, want ErrIllegal", err)
	}
	r.look(slot.Add(time.Minute))
	r.look(slot.Add(time.Hour))
	want := []line{
		{What: Started, Run: runOf(slot.Add(time.Hour))},
		{What: "resumed", Who: "cid", Reason: "it is over"},
		{What: Skipped, Run: runOf(slot), Reason: "the schedule is paused: vendor maintenance"},
		{What: "paused", Who: "bob", Reason: "vendor maintenance"}, created,
	}
	if diff := cmp.Diff(want, r.history()); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
}

func TestRefusedRunIsSaidAndNotTriedAgain(t *testing.T) {
	r := start(t)
	slot := r.apply(nil)
	r.runs.refuse = &Refusal{Reason: "s3://exports/users.csv is not there"}
	r.look(slot)
	r.runs.refuse = nil
	r.look(slot.Add(time.Minute))
	want := []line{{What: NotStarted, Run: runOf(slot), Reason: "s3://exports/users.csv is not there"}, created}
	if diff := cmp.Diff(want, r.history()); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want[:1], lines(r.told)); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

func TestRunThatCannotStartIsTriedAgainUntilCatchUp(t *testing.T) {
	r := start(t)
	r.pause = 0
	slot := r.apply(nil)
	r.runs.refuse = errDown
	r.look(slot)
	r.look(slot.Add(time.Minute))
	if diff := cmp.Diff([]line{created}, r.history()); diff != "" {
		t.Errorf("history before catch_up (-want +got):\n%s", diff)
	}
	r.look(slot.Add(61 * time.Minute))
	want := []line{{What: NotStarted, Run: runOf(slot), Reason: "no worker could start it within catch_up (1h0m0s): storage does not answer"}, created}
	if diff := cmp.Diff(want, r.history()); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
	r.runs.refuse = nil
	r.look(slot.Add(61 * time.Minute))
	if got, want := r.history()[0], (line{What: Started, Run: runOf(slot.Add(time.Hour))}); got != want {
		t.Errorf("the next slot: got %+v, want %+v", got, want)
	}
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

func TestPeopleAreToldAgainAfterAFailureAndOfNothingTwice(t *testing.T) {
	r := start(t)
	slot := r.apply(nil)
	if err := r.store.Pause(t.Context(), "nightly", "bob", "x"); err != nil {
		t.Fatal(err)
	}
	r.deaf = errDown
	r.look(slot)
	r.look(slot)
	if len(r.told) > 0 {
		t.Fatalf("told: %v", r.told)
	}
	r.deaf = nil
	other := newRig(t, r.rdb, r.runs)
	other.look(slot) // too early: the first may still be at it
	if len(other.told) > 0 {
		t.Errorf("told within the lease of another: %v", other.told)
	}
	if err := r.rdb.HSet(t.Context(), key("nightly"), "telling", 0).Err(); err != nil { // the lease is over
		t.Fatal(err)
	}
	for range 2 {
		other.look(slot.Add(time.Minute))
		r.look(slot.Add(time.Minute))
	}
	if got, want := len(other.told)+len(r.told), 1; got != want {
		t.Errorf("told: got %d entries, want %d", got, want)
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
