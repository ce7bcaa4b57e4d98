package runs

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/jobs"
)

func TestCreateRefusesATakenID(t *testing.T) {
	w := newWorld(t)
	r := w.run(runID, cleanup)
	r.Vars, r.Schedule = map[string]string{"a": "b"}, "nightly"
	w.ok(w.Create(t.Context(), r))
	if err := w.Create(t.Context(), r); !errors.Is(err, ErrExists) {
		t.Errorf("second create: got %v, want ErrExists", err)
	}
	got := w.now(r)
	if got.State != jobs.Running || got.Step != 0 || got.Schedule != "nightly" || got.Vars["a"] != "b" || !got.Local || !got.Created.Equal(at) {
		t.Errorf("got %+v", got)
	}
	ids, err := w.IDs(t.Context())
	if diff := cmp.Diff([]string{runID}, ids); err != nil || diff != "" {
		t.Errorf("ids: %v (-want +got):\n%s", err, diff)
	}
}

func TestMovesFromStateToState(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	pause := func(id string) error { return w.Pause(ctx, id, "ann", jobs.PauseByHand, "lunch") }
	resume := func(id string) error { return w.Resume(ctx, id, "ann", 2) }
	cancel := func(id string) error { return w.Cancel(ctx, id, "ann", "enough") }
	finish := func(id string) error {
		r := w.run(id, cleanup)
		r.Step = 1
		return errors.Join(w.rdb.HSet(ctx, key(id), "step", 1).Err(), w.Advance(ctx, r))
	}
	for i, c := range []struct {
		name   string
		moves  []func(string) error
		want   jobs.State
		reason string
		exceed int
		events int
		err    error // of the last move
	}{
		{"pause", []func(string) error{pause}, jobs.Paused, "lunch", 0, 1, nil},
		{"pause twice", []func(string) error{pause, pause}, jobs.Paused, "lunch", 0, 1, nil},
		{"pause and resume", []func(string) error{pause, resume}, jobs.Running, "", 2, 2, nil},
		{"resume what runs", []func(string) error{resume}, jobs.Running, "", 2, 0, nil},
		{"cancel", []func(string) error{cancel}, jobs.Cancelled, "enough", 0, 1, nil},
		{"cancel what is paused", []func(string) error{pause, cancel}, jobs.Cancelled, "enough", 0, 2, nil},
		{"cancel twice", []func(string) error{cancel, cancel}, jobs.Cancelled, "enough", 0, 1, nil},
		{"pause what is cancelled", []func(string) error{cancel, pause}, jobs.Cancelled, "enough", 0, 1, ErrIllegal},
		{"resume what is cancelled", []func(string) error{cancel, resume}, jobs.Cancelled, "enough", 0, 1, ErrIllegal},
		{"pause what is finished", []func(string) error{finish, pause}, jobs.Finished, "", 0, 0, ErrIllegal},
		{"resume what is finished", []func(string) error{finish, resume}, jobs.Finished, "", 0, 0, ErrIllegal},
		{"cancel what is finished", []func(string) error{finish, cancel}, jobs.Finished, "", 0, 0, ErrIllegal},
	} {
		r := w.run("20261122-0300"+string(rune('0'+i/10))+string(rune('0'+i%10))+"-move", cleanup)
		w.ok(w.Create(ctx, r))
		var err error
		for _, move := range c.moves {
			err = move(r.ID)
		}
		if !errors.Is(err, c.err) {
			t.Errorf("%s: got error %v, want %v", c.name, err, c.err)
		}
		got := w.now(r)
		if got.State != c.want || got.Reason != c.reason || got.Exceed != c.exceed || len(got.Events) != c.events || got.Ended.IsZero() == got.State.Ended() {
			t.Errorf("%s: got %s %q, exceed %d, %d events, ended %s; want %s %q, %d, %d events", c.name,
				got.State, got.Reason, got.Exceed, len(got.Events), got.Ended, c.want, c.reason, c.exceed, c.events)
		}
	}
}

// Whatever is asked of a run that is not there leaves nothing behind that looks like one.
func TestNothingIsMadeOfARunThatIsNotThere(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	for name, err := range map[string]error{
		"pause": w.Pause(ctx, runID, "", jobs.PauseByHand, ""), "resume": w.Resume(ctx, runID, "", 1), "cancel": w.Cancel(ctx, runID, "", ""),
		"move": w.Move(ctx, runID),
	} {
		if !errors.Is(err, ErrNoRun) {
			t.Errorf("%s: got %v, want ErrNoRun", name, err)
		}
	}
	if got, err := w.Lease(ctx, runID, "first", leaseTime); got || err != nil {
		t.Errorf("lease: got %t, %v", got, err)
	}
	if keys := w.rdb.Keys(ctx, "*").Val(); len(keys) > 0 {
		t.Errorf("got keys %q, want none", keys)
	}
}

func TestAdvanceHappensOnce(t *testing.T) {
	w := newWorld(t)
	r := w.run(runID, cleanup)
	w.ok(w.Create(t.Context(), r))
	r.Rows = 7
	for range 2 { // the second is another worker's, which saw the same
		w.ok(w.Advance(t.Context(), r))
	}
	if got := w.now(r); got.Step != 1 || got.State != jobs.Running {
		t.Errorf("got step %d, %s; want 1, running", got.Step, got.State)
	}
	r.Step = 1
	w.ok(w.Pause(t.Context(), r.ID, "", jobs.PauseByHand, ""))
	w.ok(w.Advance(t.Context(), r))
	if got := w.now(r); got.Step != 2 || got.State != jobs.Finished || got.Ended.IsZero() {
		t.Errorf("got step %d, %s, ended %s; want 2, finished", got.Step, got.State, got.Ended)
	}
	if rows, err := w.LastRows(t.Context(), app, "cleanup"); rows != 7 || err != nil {
		t.Errorf("got %d rows of the last run, %v; want 7", rows, err)
	}
}
