package schedule

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/internal/runbook"
)

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
	if err := r.store.Pause(ctx, "nightly", "bob", ""); !errors.Is(err, ErrAlready) {
		t.Errorf("second pause: got %v, want ErrAlready", err)
	}
	r.look(slot)
	if err := r.store.Resume(ctx, "nightly", "cid", "it is over"); err != nil {
		t.Fatal(err)
	}
	if err := r.store.Resume(ctx, "nightly", "cid", ""); !errors.Is(err, ErrAlready) {
		t.Errorf("second resume: got %v, want ErrAlready", err)
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
