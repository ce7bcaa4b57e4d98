package ledger

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/jobs"
)

func TestI9RestoredJobIsAsItWas(t *testing.T) {
	each(t, func(t *testing.T, l *Ledger) {
		ctx := t.Context()
		latency := jobs.Histogram{}
		for bucket := range 100 {
			latency[bucket] = int64(bucket + 1)
		}
		want := jobs.Job{
			ID: job, Options: jobs.Options{App: "app", Attempts: 5, BatchSize: 10, Canary: jobs.Canary{Rows: 30}}, State: jobs.Enqueuing, Batches: 20_000,
			Through: 35, CanaryOver: true, Filtered: 2,
			Inputs: []jobs.Input{{Name: "a.csv", Rows: 40}},
			Tally:  jobs.Tally{Read: 20_000, OK: 10, Noop: 5, Failed: 9, Rejected: 3, InDoubt: 1, Unprocessed: 19_972},
			Stats: jobs.Stats{Calls: 30, Retries: 4, Throttled: 2, Looks: 1, Latency: latency,
				Causes: map[string]jobs.Cause{"bad_request": {Count: 9, Row: 7, Error: "no: really"}}},
			Created: start.UTC(), Started: start.Add(time.Second).UTC(),
		}
		progress := jobs.NewProgress(3)
		progress.Finish(0)
		progress.UseAttempt(1)
		open := map[int64]OpenBatch{2: {Dirty: true, Since: start, Progress: progress}, 3: {Since: start}}
		for batch := int64(100); batch < 2000; batch++ {
			open[batch] = OpenBatch{Dirty: true, Since: start}
		}
		if err := l.Restore(ctx, Memory{Job: want, Finished: []byte{0b1100_1000, 0b0100_0000}, Open: open}); err != nil {
			t.Fatal(err)
		}

		got := must[jobs.Job](t)(l.Job(ctx, job))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("job (-want +got):\n%s", diff)
		}
		if got := finishedBatches(t, l); got != 4 {
			t.Errorf("finished batches: got %d, want 4", got)
		}
		seq, err := l.Unfinished(ctx, job, 11)
		if err != nil {
			t.Fatal(err)
		}
		unfinished := slices.Sorted(maps.Keys(maps.Collect(seq)))
		if want := []int64{2, 3, 5, 6, 7, 8, 10}; !slices.Equal(unfinished, want) {
			t.Errorf("unfinished: got %v, want %v", unfinished, want)
		}
		d := must[Delivery](t)(l.Open(ctx, job, 2, Claim{Worker: "w", Calling: true}, start.Add(time.Hour)))
		if diff := cmp.Diff(progress, d.Progress); diff != "" || !d.Dirty || !d.Since.Equal(start) {
			t.Errorf("dirty batch: dirty %t, since %v, progress (-want +got):\n%s", d.Dirty, d.Since, diff)
		}
		if d := must[Delivery](t)(l.Open(ctx, job, 3, Claim{Worker: "w", Calling: true}, start.Add(time.Hour))); d.Dirty || d.Progress != nil {
			t.Errorf("clean batch: got %+v, want clean and without progress", d)
		}
		if d := must[Delivery](t)(l.Open(ctx, job, 1999, Claim{Worker: "w", Calling: true}, start)); !d.Dirty {
			t.Error("the last of many open batches is not dirty")
		}
		if d := must[Delivery](t)(l.Open(ctx, job, 9, Claim{Worker: "w", Calling: true}, start)); d.Verdict != AlreadyDone {
			t.Errorf("finished batch: got %s, want %s", d.Verdict, AlreadyDone)
		}
		if err := l.Restore(ctx, Memory{Job: want}); !errors.Is(err, ErrExists) {
			t.Errorf("second restore: got %v, want ErrExists", err)
		}
	})
}

func TestI1CountIsANoteOnce(t *testing.T) {
	each(t, func(t *testing.T, l *Ledger) {
		created(t, l)
		ctx := t.Context()
		n := Note{Read: 3, Batches: 1, Rejected: []jobs.Rejection{{Number: 2}}, Filtered: []jobs.Outcome{outcome(3, jobs.Noop)}}
		if beyond := must[bool](t)(l.Count(ctx, job, n)); !beyond {
			t.Error("first note: got not beyond, want beyond")
		}
		if beyond := must[bool](t)(l.Count(ctx, job, n)); beyond {
			t.Error("repeated note: got beyond, want not")
		}
		got := must[jobs.Job](t)(l.Job(ctx, job))
		if got.Tally.Read != 3 || got.Tally.Rejected != 1 || got.Tally.Noop != 1 || got.Filtered != 1 || got.Batches != 1 {
			t.Errorf("got %+v, %d filtered and %d batches, want 3 rows read, 1 rejected, 1 filtered noop, 1 batch", got.Tally, got.Filtered, got.Batches)
		}
		for range l.Chunks(ctx, job) {
			t.Error("Redis keeps rows that the caller keeps")
		}
	})
}

// Rows that were never called say nothing of the share of failures that pauses a job.
func TestFilteredRowsDoNotDiluteFailures(t *testing.T) {
	each(t, func(t *testing.T, l *Ledger) {
		created(t, l)
		ctx := t.Context()
		n := Note{Read: 3, Batches: 1, Filtered: []jobs.Outcome{outcome(1, jobs.Noop), outcome(2, jobs.Noop)}}
		for range 2 {
			if err := l.Note(ctx, job, n); err != nil {
				t.Fatal(err)
			}
		}
		d := must[Delivery](t)(l.Open(ctx, job, 0, Claim{Worker: "w"}, start))
		c := Commit{Sequence: 1, Progress: jobs.NewProgress(1), Outcomes: []jobs.Outcome{outcome(3, jobs.Failed)}, Tally: jobs.Tally{Failed: 1}}
		receipt := must[Receipt](t)(l.Commit(ctx, d, c, start))
		if diff := cmp.Diff(jobs.Tally{Failed: 1}, receipt.Tally); diff != "" {
			t.Errorf("rows since the last resume (-want +got):\n%s", diff)
		}
		got := must[jobs.Job](t)(l.Job(ctx, job))
		if diff := cmp.Diff(jobs.Tally{Read: 3, Noop: 2, Failed: 1}, got.Tally); diff != "" || got.Filtered != 2 {
			t.Errorf("%d filtered; tally (-want +got):\n%s", got.Filtered, diff)
		}
		rows := 0
		for chunk, err := range l.Chunks(ctx, job) {
			if err != nil {
				t.Fatal(err)
			}
			rows += len(chunk.Outcomes)
		}
		if rows != 3 {
			t.Errorf("got %d outcomes, want 3", rows)
		}
	})
}

func TestFinishedTellsBatches(t *testing.T) {
	each(t, func(t *testing.T, l *Ledger) {
		ctx := t.Context()
		created(t, l)
		finished := must[func(int64) bool](t)(l.Finished(ctx, job))
		if finished(0) {
			t.Error("batch 0 of a new job is finished")
		}
		d := must[Delivery](t)(l.Open(ctx, job, 10, Claim{Worker: "w", Calling: true}, start))
		p := jobs.NewProgress(1)
		p.Finish(0)
		must[Receipt](t)(l.Commit(ctx, d, Commit{Sequence: 1, Progress: p}, start))
		finished = must[func(int64) bool](t)(l.Finished(ctx, job))
		for batch, want := range map[int64]bool{0: false, 9: false, 10: true, 11: false, 1 << 40: false} {
			if got := finished(batch); got != want {
				t.Errorf("batch %d: got %t, want %t", batch, got, want)
			}
		}
	})
}

func finishedBatches(t *testing.T, l *Ledger) int64 {
	t.Helper()
	_, finished, err := l.Progress(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	return finished
}
