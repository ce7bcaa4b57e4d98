package service

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/localredis"
	"github.com/sunbulk/sunbulk/jobs"
)

// I2: of a cancelled job a report knows which rows without an outcome may have been called: a worker died in them, or their
// answers were lost. A running job settles them itself.
func TestSourceKnowsWhatMayHaveArrived(t *testing.T) {
	redis, err := localredis.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer redis.Close()
	s, err := New(redis.Client())
	if err != nil {
		t.Fatal(err)
	}
	const id = "20261127-120000-aaaa"
	ctx, now := t.Context(), time.Now()
	if err := s.ledger.Create(ctx, jobs.Job{ID: id, Options: jobs.Options{App: "app", BatchSize: 2}, Created: now}); err != nil {
		t.Fatal(err)
	}
	for b := range int64(4) {
		rows := []jobs.Row{{Number: 2*b + 1, Op: jobs.Create, User: "u"}, {Number: 2*b + 2, Op: jobs.Create, User: "u"}}
		if err := s.ledger.Note(ctx, id, ledger.Note{Read: 2*b + 2, Batches: b + 1, Through: 2*b + 2}); err != nil {
			t.Fatal(err)
		}
		if err := s.queues.Add(ctx, id, jobs.Batch{Number: b, Rows: rows}); err != nil {
			t.Fatal(err)
		}
	}
	// Batch 0 is not opened; 1 was opened before any call; 2 was being called; of 3 one answer was lost, and it was given back.
	for batch, calling := range map[int64]bool{1: false, 2: true, 3: true} {
		d, err := s.ledger.Open(ctx, id, batch, ledger.Claim{Worker: "w", Calling: calling}, now)
		if err != nil {
			t.Fatal(err)
		}
		if batch == 3 {
			progress := make(jobs.Progress, 2)
			progress.SetDoubt(1, true)
			if _, err := s.ledger.Commit(ctx, d, ledger.Commit{Sequence: 1, Progress: progress, Release: true}, now); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, test := range []struct {
		cancel bool
		want   []int64
	}{{false, nil}, {true, []int64{5, 6, 8}}} {
		if test.cancel {
			if err := s.ledger.Cancel(ctx, id, "ann", "enough"); err != nil {
				t.Fatal(err)
			}
		}
		job, err := s.Job(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		var got []int64
		for row, err := range s.Source(job, s.ledger).Rows(ctx) {
			if err != nil {
				t.Fatal(err)
			}
			if row.Sent {
				got = append(got, row.Number)
			}
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("cancelled %t: rows that may have arrived (-want +got):\n%s", test.cancel, diff)
		}
	}
}
