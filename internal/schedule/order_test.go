package schedule

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/internal/redistest"
)

func TestSilentWorkerLosesItsOrder(t *testing.T) {
	rdb := redistest.Start(t).Client(t)
	f := newRuns()
	f.begun, f.gone = make(chan string), make(chan struct{})
	silent := newRig(t, rdb, f)
	slot := silent.apply(nil)
	silent.lease = time.Hour // renews it too seldom
	looked := make(chan struct{})
	go func() { silent.look(slot); close(looked) }()
	<-f.begun
	other := newRig(t, rdb, newRuns())
	other.pause = 0
	other.runs.refuse = errDown
	over := func() {
		t.Helper()
		if err := rdb.HSet(t.Context(), key("nightly"), "lease", 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	other.look(slot)
	trouble := func() string { return rdb.HGet(t.Context(), key("nightly"), "trouble").Val() }
	if got := trouble(); got != "" {
		t.Errorf("taken over within the lease: %s", got)
	}
	over()
	other.look(slot) // takes it over, and keeps it for another attempt
	if got, want := trouble(), errDown.Error(); got != want {
		t.Errorf("trouble after it was taken over: got %q, want %q", got, want)
	}
	close(f.gone)
	<-looked
	over()
	other.runs.refuse = &Refusal{Reason: "the input is empty"}
	other.look(slot)
	want := []line{{What: NotStarted, Run: runOf(slot), Reason: "the input is empty"}, created}
	if diff := cmp.Diff(want, other.history()); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
}

func TestScheduleHasOneOrderAtATime(t *testing.T) {
	r := start(t)
	ctx := t.Context()
	slot := r.apply(nil)
	if _, err := r.store.Trigger(ctx, "nightly", "bob"); err != nil {
		t.Fatal(err)
	}
	all, err := r.store.standings(ctx, []string{"nightly"})
	if err != nil {
		t.Fatal(err)
	}
	st := all[0]
	asked := parseOrder(st.trigger)
	before := r.rdb.HGet(ctx, key("nightly"), "fence").Val()
	if ms, err := strconv.ParseInt(before, 10, 64); err != nil || ms == 0 {
		t.Errorf("fence of a new schedule: got %q, want one above those of an earlier one of its name", before)
	}
	bySlot, byBob := claim{"last", st.last, millis(slot)}, claim{"trigger", st.trigger, ""}
	if fence, err := r.store.take(ctx, "nightly", byBob, asked, time.Minute); err != nil || fence == 0 {
		t.Errorf("first: got fence %d, %v, want one", fence, err)
	}
	if fence, err := r.store.take(ctx, "nightly", bySlot, order{run: runOf(slot), slot: slot}, time.Minute); err != nil || fence != 0 {
		t.Errorf("while it is taken: got fence %d, %v, want 0", fence, err)
	}
	if ok, err := r.store.pass(ctx, "nightly", bySlot, Entry{What: Skipped}); err != nil || ok {
		t.Errorf("pass while it is taken: got %v, %v, want false", ok, err)
	}
}

func TestWorkerThatStopsLeavesItsOrderToAnotherAtOnce(t *testing.T) {
	rdb := redistest.Start(t).Client(t)
	f := newRuns()
	f.begun, f.gone = make(chan string), make(chan struct{})
	stopping := newRig(t, rdb, f)
	slot := stopping.apply(nil)
	stopping.at = slot
	ctx, stop := context.WithCancel(t.Context())
	stopped := make(chan struct{})
	go func() { stopping.Run(ctx); close(stopped) }()
	<-f.begun
	stop()
	<-stopped
	other := newRig(t, rdb, newRuns())
	other.look(slot)
	if diff := cmp.Diff([]line{{What: Started, Run: runOf(slot)}, created}, other.history()); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
}
