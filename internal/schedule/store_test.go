package schedule

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/internal/runbook"
)

func TestApplyTellsWhatChangesAndKeepsThePause(t *testing.T) {
	r := start(t)
	ctx := t.Context()
	apply := func(change func(*runbook.Runbook), vars map[string]string) Change {
		t.Helper()
		book := &runbook.Runbook{Name: "nightly", App: app, Steps: steps(), Schedule: &runbook.Schedule{Cron: "0 3 * * *"}}
		change(book)
		got, err := r.store.Apply(ctx, book, vars, "ann")
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	last := func() time.Time {
		t.Helper()
		d, err := r.store.Get(ctx, "nightly")
		if err != nil {
			t.Fatal(err)
		}
		if d.Paused.IsZero() || d.Who != "ann" {
			t.Errorf("paused: got %v by %q, want it by ann", d.Paused, d.Who)
		}
		return d.Last
	}
	paused := func(b *runbook.Runbook) { b.Schedule.Paused = true }
	if got, want := apply(paused, nil), Created; got != want {
		t.Errorf("first: got %s, want %s", got, want)
	}
	before := last()
	if got, want := apply(paused, nil), Unchanged; got != want {
		t.Errorf("the same: got %s, want %s", got, want)
	}
	if got, want := apply(func(b *runbook.Runbook) {}, map[string]string{"days": "90"}), Changed; got != want {
		t.Errorf("not paused and another variable: got %s, want %s", got, want)
	}
	if got := last(); !got.Equal(before) {
		t.Errorf("last slot with the same timetable: got %v, want %v", got, before)
	}
	time.Sleep(2 * time.Millisecond) // Redis tells ms
	if got, want := apply(func(b *runbook.Runbook) { b.Schedule.Cron = "0 4 * * *" }, nil), Changed; got != want {
		t.Errorf("another time: got %s, want %s", got, want)
	}
	if got := last(); !got.After(before) {
		t.Errorf("last slot with another timetable: got %v, want it after %v", got, before)
	}
	want := []line{
		{What: "changed", Who: "ann", Reason: "with a new timetable"}, {What: "changed", Who: "ann"}, {What: "created", Who: "ann"},
	}
	if diff := cmp.Diff(want, r.history()); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
}

func TestRemoveForgetsAllAndWaitsForAStart(t *testing.T) {
	r := start(t)
	ctx := t.Context()
	slot := r.apply(nil)
	r.runs.refuse = errDown
	r.look(slot)
	if err := r.store.Remove(ctx, "nightly"); !errors.Is(err, ErrIllegal) {
		t.Errorf("remove while a run is being started: got %v, want ErrIllegal", err)
	}
	if err := r.rdb.HSet(ctx, key("nightly"), "lease", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if err := r.store.Remove(ctx, "nightly"); err != nil {
		t.Fatal(err)
	}
	if keys := r.rdb.Keys(ctx, "*").Val(); len(keys) > 0 {
		t.Errorf("keys: got %v, want none", keys)
	}
	for name, err := range map[string]error{
		"remove": r.store.Remove(ctx, "nightly"), "pause": r.store.Pause(ctx, "nightly", "", ""), "resume": r.store.Resume(ctx, "nightly", "", ""),
	} {
		if !errors.Is(err, ErrNone) {
			t.Errorf("%s: got %v, want ErrNone", name, err)
		}
	}
	if _, err := r.store.Trigger(ctx, "nightly", "ann"); !errors.Is(err, ErrNone) {
		t.Errorf("trigger: got %v, want ErrNone", err)
	}
	if _, err := r.store.Get(ctx, "nightly"); !errors.Is(err, ErrNone) {
		t.Errorf("get: got %v, want ErrNone", err)
	}
	r.look(slot.Add(time.Hour))
	if keys := r.rdb.Keys(ctx, "*").Val(); len(keys) > 0 {
		t.Errorf("keys after another look: got %v, want none", keys)
	}
}

func TestHistoryIsReadInPages(t *testing.T) {
	r := start(t)
	slot := r.apply(nil)
	const slots = 130
	for i := range slots {
		at := slot.Add(time.Duration(i) * time.Hour)
		r.look(at)
		r.runs.set(runOf(at), Run{State: "finished", Ended: true})
	}
	r.look(slot.Add(slots*time.Hour - time.Minute)) // notes the last end
	entries := r.history()
	if got, want := len(entries), slots+1; got != want {
		t.Fatalf("entries: got %d, want %d", got, want)
	}
	for i, e := range entries[:slots] {
		if e.What != Started || e.State != "finished" || e.Run != runOf(slot.Add(time.Duration(slots-1-i)*time.Hour)) {
			t.Errorf("entry %d: got %+v", i, e)
		}
	}
	three, err := r.store.History(t.Context(), "nightly", 3)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(entries[:3], lines(three)); diff != "" {
		t.Errorf("the newest three (-want +got):\n%s", diff)
	}
}
