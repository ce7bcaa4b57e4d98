package ledger

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/internal/redistest"
	"github.com/sunbulk/sunbulk/jobs"
)

// past returns what takes the Redis back to what it holds now.
func past(t *testing.T, rdb redis.UniversalClient) (goBack func()) {
	t.Helper()
	ctx := t.Context()
	kept := map[string]string{}
	for _, k := range must[[]string](t)(rdb.Keys(ctx, "*").Result()) {
		kept[k] = must[string](t)(rdb.Dump(ctx, k).Result())
	}
	return func() {
		t.Helper()
		if err := rdb.FlushAll(ctx).Err(); err != nil {
			t.Fatal(err)
		}
		for k, v := range kept {
			if err := rdb.Restore(ctx, k, 0, v).Err(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func newRealLedger(t *testing.T) (*Ledger, redis.UniversalClient) {
	t.Helper()
	codec, err := jobs.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	rdb := redistest.Start(t).Client(t)
	l := New(rdb, codec)
	created(t, l)
	if err := l.Note(t.Context(), job, Note{Read: 2, Batches: 1}); err != nil {
		t.Fatal(err)
	}
	return l, rdb
}

// half and whole are commits of a batch of two rows: the first row is done, then the second.
func half(sequence int64) Commit {
	p := jobs.NewProgress(2)
	p.Finish(0)
	return Commit{Sequence: sequence, Progress: p, Dirty: true, Outcomes: []jobs.Outcome{outcome(1, jobs.OK)}, Tally: jobs.Tally{OK: 1}}
}

func whole(sequence int64) Commit {
	p := jobs.NewProgress(2)
	p.Finish(0)
	p.Finish(1)
	return Commit{Sequence: sequence, Progress: p, Outcomes: []jobs.Outcome{outcome(2, jobs.OK)}, Tally: jobs.Tally{OK: 1}}
}

// A commit that does not come next is refused: the outcomes of the lost one are nowhere, and all that was called is to be looked for.
func TestI10ACommitAfterALostOneIsRefused(t *testing.T) {
	tests := []struct {
		name string
		back func(t *testing.T, l *Ledger, goBack func() func()) (d Delivery, undo func())
	}{
		{"the first commit is lost", func(t *testing.T, l *Ledger, past func() func()) (Delivery, func()) {
			d := must[Delivery](t)(l.Open(t.Context(), job, 0, Claim{Worker: "w", Calling: true}, start))
			undo := past()
			must[Receipt](t)(l.Commit(t.Context(), d, half(1), start))
			return d, undo
		}},
		{"the opening is lost, too", func(t *testing.T, l *Ledger, past func() func()) (Delivery, func()) {
			undo := past()
			d := must[Delivery](t)(l.Open(t.Context(), job, 0, Claim{Worker: "w", Calling: true}, start))
			must[Receipt](t)(l.Commit(t.Context(), d, half(1), start))
			return d, undo
		}},
		{"a second opening is lost, too", func(t *testing.T, l *Ledger, past func() func()) (Delivery, func()) {
			before := must[Delivery](t)(l.Open(t.Context(), job, 0, Claim{Worker: "w", Calling: true}, start))
			must[Receipt](t)(l.Commit(t.Context(), before, Commit{Sequence: 1, Progress: jobs.NewProgress(2), Release: true}, start))
			undo := past()
			d := must[Delivery](t)(l.Open(t.Context(), job, 0, Claim{Worker: "w", Calling: true}, start))
			must[Receipt](t)(l.Commit(t.Context(), d, half(1), start))
			return d, undo
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l, rdb := newRealLedger(t)
			ctx := t.Context()
			d, undo := tt.back(t, l, func() func() { return past(t, rdb) })
			undo()
			for range 2 { // the answer to the first may be lost
				if got := must[Receipt](t)(l.Commit(ctx, d, whole(2), start)); got.Accepted || !got.Lost {
					t.Fatalf("commit after a lost one: got %+v, want refused as lost", got)
				}
			}
			next := must[Delivery](t)(l.Open(ctx, job, 0, Claim{Worker: "w2", Calling: true}, start.Add(time.Minute)))
			if !next.Lost || !next.Dirty || next.Fence <= d.Fence || !next.Since.Equal(start) {
				t.Errorf("next delivery: got %+v, want lost, a higher fence than %d and the first opening's time", next, d.Fence)
			}
			if got := must[Receipt](t)(l.Commit(ctx, d, whole(1), start)); got.Accepted || got.Lost {
				t.Errorf("commit of the old delivery: got %+v, want refused as stale", got)
			}
			must[Receipt](t)(l.Commit(ctx, next, half(1), start))
			if again := must[Delivery](t)(l.Open(ctx, job, 0, Claim{Worker: "w2", Calling: true}, start)); !again.Lost {
				t.Errorf("got %+v, want lost until the batch is finished", again)
			}
		})
	}
}

// After a rollback two workers can have one fence; the batch is that of the one who has it now.
func TestI3TwoWorkersWithOneFence(t *testing.T) {
	l, rdb := newRealLedger(t)
	ctx := t.Context()
	undo := past(t, rdb)
	old := must[Delivery](t)(l.Open(ctx, job, 0, Claim{Worker: "w1", Calling: true}, start))
	undo()
	now := must[Delivery](t)(l.Open(ctx, job, 0, Claim{Worker: "w2", Calling: true}, start))
	if old.Fence != now.Fence {
		t.Fatalf("fences %d and %d: the test wants them the same", old.Fence, now.Fence)
	}
	if got := must[Receipt](t)(l.Commit(ctx, old, half(1), start)); got.Accepted || got.Lost {
		t.Errorf("commit of the first: got %+v, want refused as stale", got)
	}
	if got := must[Receipt](t)(l.Commit(ctx, now, half(1), start)); !got.Accepted {
		t.Errorf("commit of the second: got %+v, want accepted", got)
	}
	if got := must[jobs.Job](t)(l.Job(ctx, job)); got.Tally.OK != 1 {
		t.Errorf("ok rows: got %d, want 1", got.Tally.OK)
	}
}

// A commit whose answer was lost can reach Redis after the one that came next.
func TestI3ALateRepetitionChangesNothing(t *testing.T) {
	l, _ := newRealLedger(t)
	ctx := t.Context()
	d := must[Delivery](t)(l.Open(ctx, job, 0, Claim{Worker: "w", Calling: true}, start))
	same := half(2)
	same.Outcomes, same.Tally = nil, jobs.Tally{}
	for _, c := range []Commit{half(1), same, half(1)} {
		if got := must[Receipt](t)(l.Commit(ctx, d, c, start)); !got.Accepted {
			t.Errorf("commit %d: got %+v, want accepted", c.Sequence, got)
		}
	}
	if got := must[jobs.Job](t)(l.Job(ctx, job)); got.Tally.OK != 1 {
		t.Errorf("ok rows: got %d, want 1", got.Tally.OK)
	}
}

// A job that is not in Redis any more gets no entry of a batch.
func TestACommitOfAForgottenJobWritesNothing(t *testing.T) {
	l, rdb := newRealLedger(t)
	ctx := t.Context()
	d := must[Delivery](t)(l.Open(ctx, job, 0, Claim{Worker: "w", Calling: true}, start))
	if err := rdb.FlushAll(ctx).Err(); err != nil {
		t.Fatal(err)
	}
	if got := must[Receipt](t)(l.Commit(ctx, d, half(1), start)); got.Accepted || got.Lost {
		t.Errorf("got %+v, want refused", got)
	}
	if n := must[int64](t)(rdb.DBSize(ctx).Result()); n != 0 {
		t.Errorf("got %d keys, want none", n)
	}
}
