package ledger

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/jobs"
)

func attempt(row int64, status int) jobs.Attempt {
	return jobs.Attempt{Row: row, At: start.UTC(), Took: time.Millisecond, Waited: time.Second, HTTPStatus: status, ErrorCode: "busy", Reason: "so it is"}
}

// traced makes a job of two batches and rejected rows: rows 1, 3 and 4 are batch 0, 5 and 6 batch 1.
func traced(t *testing.T, l *Ledger) {
	t.Helper()
	created(t, l)
	ctx := t.Context()
	note := Note{Read: 7, Batches: 2, Rejected: []jobs.Rejection{{Number: 2, Line: 3, Cause: "bad"}, {Number: 7, Line: 8, Cause: "worse"}}}
	if err := l.Note(ctx, job, note); err != nil {
		t.Fatal(err)
	}
	for batch, outcomes := range [][]jobs.Outcome{{outcome(1, jobs.OK), outcome(4, jobs.Failed)}, {outcome(6, jobs.OK)}} {
		d := must[Delivery](t)(l.Open(ctx, job, int64(batch), Claim{Worker: "w", Calling: true}, start))
		progress := jobs.NewProgress(3 - batch)
		progress.UseAttempt(1)
		rows := []jobs.Attempt{attempt(outcomes[0].Row.Number, 503), attempt(3, 429), attempt(3, 503)}
		if batch == 1 {
			rows = rows[:1]
		}
		c := Commit{Sequence: 1, Progress: progress, Dirty: true, Outcomes: outcomes, Attempts: rows}
		for range 2 { // the second is the repetition of a commit whose answer was lost
			if got := must[Receipt](t)(l.Commit(ctx, d, c, start)); !got.Accepted {
				t.Fatal("commit refused")
			}
		}
	}
}

func TestTraceFindsOneRow(t *testing.T) {
	each(t, func(t *testing.T, l *Ledger) {
		traced(t, l)
		ok, failed, last := outcome(1, jobs.OK), outcome(4, jobs.Failed), outcome(6, jobs.OK)
		for row, want := range map[int64]Trace{
			1: {Outcome: &ok, Attempts: []jobs.Attempt{attempt(1, 503)}},
			2: {Rejection: &jobs.Rejection{Number: 2, Line: 3, Cause: "bad"}, Batch: -1},
			3: {Attempts: []jobs.Attempt{attempt(3, 429), attempt(3, 503)}},
			4: {Outcome: &failed},
			5: {Batch: -1},
			6: {Outcome: &last, Attempts: []jobs.Attempt{attempt(6, 503)}, Batch: 1},
			7: {Rejection: &jobs.Rejection{Number: 7, Line: 8, Cause: "worse"}, Batch: -1},
		} {
			got := must[Trace](t)(l.Trace(t.Context(), job, row))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("row %d (-want +got):\n%s", row, diff)
			}
		}
	})
}

func TestI3ARepeatedCommitTellsItsAttemptsOnce(t *testing.T) {
	each(t, func(t *testing.T, l *Ledger) {
		traced(t, l)
		var got []int64
		for a, err := range l.Attempts(t.Context(), job) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, a.Row)
		}
		if want := []int64{1, 3, 3, 6}; !slices.Equal(got, want) {
			t.Errorf("rows of the attempts: got %v, want %v", got, want)
		}
	})
}

func TestTraceGoesThroughManyCommits(t *testing.T) {
	each(t, func(t *testing.T, l *Ledger) {
		created(t, l)
		ctx := t.Context()
		d := must[Delivery](t)(l.Open(ctx, job, 0, Claim{Worker: "w", Calling: true}, start))
		const rows = 1100 // more than a page of them
		for row := int64(1); row <= rows; row++ {
			c := Commit{Sequence: row, Progress: jobs.NewProgress(rows), Outcomes: []jobs.Outcome{outcome(row, jobs.OK)}}
			must[Receipt](t)(l.Commit(ctx, d, c, start))
		}
		for _, row := range []int64{1, 1000, 1001, rows} {
			got := must[Trace](t)(l.Trace(ctx, job, row))
			if got.Outcome == nil || got.Outcome.Row.Number != row {
				t.Errorf("row %d: got %+v, want its outcome", row, got.Outcome)
			}
		}
	})
}

func TestOpenedTellsWhoHoldsABatchAndHowFarItIs(t *testing.T) {
	each(t, func(t *testing.T, l *Ledger) {
		traced(t, l)
		progress := jobs.NewProgress(2)
		progress.UseAttempt(1)
		got, opened, err := l.Opened(t.Context(), job, 1)
		if err != nil || !opened {
			t.Fatalf("opened: %t, %v", opened, err)
		}
		if diff := cmp.Diff(OpenBatch{Dirty: true, Since: start.UTC(), Progress: progress, Worker: "w", Fence: 1}, got); diff != "" {
			t.Errorf("batch 1 (-want +got):\n%s", diff)
		}
		if _, opened, err := l.Opened(t.Context(), job, 9); opened || err != nil {
			t.Errorf("batch 9: got opened %t, %v", opened, err)
		}
	})
}
