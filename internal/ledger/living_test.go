package ledger

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestWorkersTellWhatTheyAreDoing(t *testing.T) {
	each(t, func(t *testing.T, l *Ledger) {
		created(t, l)
		ctx := t.Context()
		beat := func(worker string, p Pulse) {
			t.Helper()
			if _, err := l.Beat(ctx, job, worker, p); err != nil {
				t.Fatal(err)
			}
		}
		if got := must[[]Worker](t)(l.Workers(ctx, job)); len(got) != 0 {
			t.Errorf("before any heartbeat: got %v", got)
		}
		beat("host-2-B", Pulse{Doing: Calling})
		beat("host-1-A", Pulse{Doing: Calling})
		since := must[[]Worker](t)(l.Workers(ctx, job))[0].Since
		time.Sleep(20 * time.Millisecond)
		beat("host-1-A", Pulse{InFlight: 3, Calls: 100, Doing: Full})

		got := must[[]Worker](t)(l.Workers(ctx, job))
		want := []Worker{{Name: "host-1-A", Since: since, InFlight: 3, Doing: Full}, {Name: "host-2-B", Doing: Calling, Since: got[1].Since}}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Worker{}, "PerSecond")); diff != "" {
			t.Errorf("workers (-want +got):\n%s", diff)
		}
		if got[0].PerSecond <= 0 || got[0].PerSecond > 5000 || got[1].PerSecond != 0 {
			t.Errorf("rates: got %v and %v, want 100 calls over 20 ms or more, and none", got[0].PerSecond, got[1].PerSecond)
		}
		if err := l.Leave(ctx, job, "host-1-A"); err != nil {
			t.Fatal(err)
		}
		if got := must[[]Worker](t)(l.Workers(ctx, job)); len(got) != 1 || got[0].Name != "host-2-B" {
			t.Errorf("after one has left: got %v", got)
		}
	})
}

// The heartbeats that status reads are those by which batches are kept and taken over.
func TestABatchStaysWithAWorkerThatShowsSignsOfLife(t *testing.T) {
	each(t, func(t *testing.T, l *Ledger) {
		created(t, l)
		ctx := t.Context()
		for _, calls := range []int64{0, 17} { // the second sign carries the first
			if _, err := l.Beat(ctx, job, "one", Pulse{InFlight: 5, Calls: calls, Doing: Full}); err != nil {
				t.Fatal(err)
			}
		}
		must[Delivery](t)(l.Open(ctx, job, 0, Claim{Worker: "one", Calling: true}, start))
		if got := must[Delivery](t)(l.Open(ctx, job, 0, Claim{Worker: "two", Calling: true}, start)); got.Verdict != Busy {
			t.Errorf("opened by another: got %s, want %s", got.Verdict, Busy)
		}
		if got := must[[]Orphan](t)(l.Orphans(ctx, job, "two")); len(got) != 0 {
			t.Errorf("orphans: got %v, want none", got)
		}
	})
}
