package runs

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"
)

// A lease is by Redis' clock, so that workers' clocks may differ, and that of a dead process lapses.
func TestLeaseLapsesByRedisClock(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.ok(w.Create(ctx, w.run(runID, cleanup)))
	lease := func(owner string, lasting time.Duration) bool {
		t.Helper()
		got, err := w.Lease(ctx, runID, owner, lasting)
		w.ok(err)
		return got
	}
	if !lease("a", time.Hour) || lease("b", time.Hour) || !lease("a", time.Hour) {
		t.Error("the lease is not its owner's alone")
	}
	until, err := strconv.ParseInt(w.rdb.HGet(ctx, key(runID), "lease_until").Val(), 10, 64)
	now := w.rdb.Time(ctx).Val()
	if left := time.UnixMilli(until).Sub(now); err != nil || left > time.Hour || left < 50*time.Minute {
		t.Errorf("got a lease of %s by Redis' clock, %v; want an hour", left, err)
	}
	w.lapse()
	if !lease("b", time.Hour) || lease("a", 0) {
		t.Error("the lease of a dead process did not lapse, or was taken from the next one")
	}
}

// lapse lets the time of a lease be over.
func (w *world) lapse() {
	w.Helper()
	w.ok(w.rdb.HSet(w.Context(), key(runID), "lease_until", time.Now().Add(-time.Minute).UnixMilli()).Err())
}

func TestOneConductorIsAtARun(t *testing.T) {
	w := newWorld(t)
	r := w.run(runID, cleanup)
	w.ok(w.Create(t.Context(), r))
	second := w.another("second", app)
	ran := 0
	note := func(context.Context) error { ran++; return nil }
	err := w.leased(t.Context(), r, func(context.Context) error {
		if err := second.leased(t.Context(), r, note); !errors.Is(err, errLeased) {
			t.Errorf("while another is at it: got %v, want errLeased", err)
		}
		return nil
	})
	if err != nil || ran != 0 {
		t.Errorf("got %v, and %d at once", err, ran)
	}
	if err := second.leased(t.Context(), r, note); err != nil || ran != 1 {
		t.Errorf("afterwards: got %v, %d; want the lease to be free", err, ran)
	}
}

// What a process does under a lease that another has taken ends.
func TestLostLeaseEndsTheWork(t *testing.T) {
	w := newWorld(t)
	r := w.run(runID, cleanup)
	w.ok(w.Create(t.Context(), r))
	err := w.leased(t.Context(), r, func(ctx context.Context) error {
		w.lapse()
		if got, err := w.Lease(t.Context(), runID, "second", time.Hour); !got || err != nil {
			t.Fatalf("got %t, %v", got, err)
		}
		<-ctx.Done()
		return ctx.Err()
	})
	if !errors.Is(err, errLeased) {
		t.Errorf("got %v, want errLeased", err)
	}
	if owner := w.rdb.HGet(t.Context(), key(runID), "lease_owner").Val(); owner != "second" {
		t.Errorf("got owner %s: the lease was taken back", owner)
	}
}
