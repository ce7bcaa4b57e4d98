package local

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/jobs"
)

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// rowsPerBatch is that of all batches in these tests; row numbers follow from batch and place.
const rowsPerBatch = 4

func rowNumber(batch int64, i int) int64 { return batch*rowsPerBatch + int64(i) + 1 }

func outcome(row int64) jobs.Outcome {
	return jobs.Outcome{Row: jobs.Row{Number: row, Op: jobs.Remove, User: "u", ClientID: "c"}, Kind: jobs.OK, FinishedAt: start}
}

// settling returns a commit of the outcomes of some rows of a batch.
func settling(batch, sequence int64, p jobs.Progress, dirty bool, places ...int) ledger.Commit {
	c := ledger.Commit{Sequence: sequence, Dirty: dirty, Tally: jobs.Tally{OK: int64(len(places))},
		Stats: jobs.Stats{Calls: int64(len(places)), Latency: jobs.Histogram{3: int64(len(places))}}}
	for _, i := range places {
		p.Finish(i)
		c.Outcomes = append(c.Outcomes, outcome(rowNumber(batch, i)))
	}
	c.Progress = slices.Clone(p)
	return c
}

// rowsOf counts the outcomes and the rejections that a journal holds, by row.
func rowsOf(t testing.TB, l *Ledger) (settled, rejected map[int64]int) {
	t.Helper()
	settled, rejected = map[int64]int{}, map[int64]int{}
	for k, err := range l.Chunks(context.Background(), job) {
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range k.Outcomes {
			settled[o.Row.Number]++
		}
		for _, r := range k.Rejections {
			rejected[r.Number]++
		}
	}
	return settled, rejected
}

func TestI6OutcomesAreInTheJournalAlone(t *testing.T) {
	l := newRun(t, t.TempDir())
	ctx := t.Context()
	if err := l.Note(ctx, job, ledger.Note{Read: 5, Batches: 1, Rejected: []jobs.Rejection{{Number: 5, Cause: "no user"}}}); err != nil {
		t.Fatal(err)
	}
	d := must[ledger.Delivery](t)(l.Open(ctx, job, 0, ledger.Claim{Worker: "w", Calling: true}, start))
	p := jobs.NewProgress(rowsPerBatch)
	c := settling(0, 1, p, false, 0, 2)
	c.Attempts = []jobs.Attempt{{Row: 1, At: start.UTC(), HTTPStatus: 429}}
	receipt := must[ledger.Receipt](t)(l.Commit(ctx, d, c, start))
	if !receipt.Accepted || receipt.Tally.OK != 2 {
		t.Errorf("receipt: got %+v, want accepted with 2 ok", receipt)
	}
	for range l.Ledger.Chunks(ctx, job) {
		t.Error("Redis keeps outcomes")
	}
	for range l.Ledger.Attempts(ctx, job) {
		t.Error("Redis keeps attempts")
	}
	var attempts []jobs.Attempt
	for a, err := range l.Attempts(ctx, job) {
		if err != nil {
			t.Fatal(err)
		}
		attempts = append(attempts, a)
	}
	if diff := cmp.Diff(c.Attempts, attempts); diff != "" {
		t.Errorf("attempts (-want +got):\n%s", diff)
	}
	settled, rejected := rowsOf(t, l)
	if diff := cmp.Diff(map[int64]int{1: 1, 3: 1}, settled); diff != "" {
		t.Errorf("outcomes by row (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[int64]int{5: 1}, rejected); diff != "" {
		t.Errorf("rejections by row (-want +got):\n%s", diff)
	}
	for _, err := range l.Chunks(ctx, "20261122-153012-zzzz") {
		if !errors.Is(err, ledger.ErrNoJob) {
			t.Errorf("chunks of another job: got %v, want ErrNoJob", err)
		}
	}
}

func TestI3AStaleCommitIsNotInTheJournal(t *testing.T) {
	l := newRun(t, t.TempDir())
	ctx := t.Context()
	stale := must[ledger.Delivery](t)(l.Open(ctx, job, 0, ledger.Claim{Worker: "w1", Calling: true}, start))
	must[ledger.Delivery](t)(l.Open(ctx, job, 0, ledger.Claim{Worker: "w2", Calling: true}, start))
	receipt := must[ledger.Receipt](t)(l.Commit(ctx, stale, settling(0, 1, jobs.NewProgress(rowsPerBatch), false, 0), start))
	if settled, _ := rowsOf(t, l); receipt.Accepted || len(settled) > 0 {
		t.Errorf("stale commit: accepted %t, outcomes %v, want neither", receipt.Accepted, settled)
	}
}

// failing puts a disk that fails under the journal until the returned function is called.
func failing(l *Ledger) (repair func()) {
	whole := l.journal.disk
	l.journal.disk = fullDisk{whole}
	return func() { l.journal.disk = whole }
}

// fullDisk takes half of each write.
type fullDisk struct{ disk }

func (f fullDisk) WriteAt(p []byte, off int64) (int, error) {
	n, err := f.disk.WriteAt(p[:len(p)/2], off)
	return n, errors.Join(err, errDisk)
}

func TestI3ACommitThatCouldNotBeWrittenIsRepeated(t *testing.T) {
	for name, places := range map[string][]int{"unfinished": {0, 2}, "finished": {0, 1, 2, 3}} {
		t.Run(name, func(t *testing.T) {
			l := newRun(t, t.TempDir())
			ctx := t.Context()
			d := must[ledger.Delivery](t)(l.Open(ctx, job, 0, ledger.Claim{Worker: "w", Calling: true}, start))
			c := settling(0, 1, jobs.NewProgress(rowsPerBatch), false, places...)
			repair := failing(l)
			for range 3 {
				if _, err := l.Commit(ctx, d, c, start); !errors.Is(err, errDisk) {
					t.Fatalf("commit on a full disk: got %v, want %v", err, errDisk)
				}
			}
			if _, err := l.Open(ctx, job, 1, ledger.Claim{Worker: "w", Calling: true}, start); !errors.Is(err, errDisk) {
				t.Errorf("open on a full disk: got %v, want %v", err, errDisk)
			}
			repair()
			receipt := must[ledger.Receipt](t)(l.Commit(ctx, d, c, start))
			if !receipt.Accepted || receipt.State != jobs.Enqueuing {
				t.Errorf("repeated commit: got %+v, want accepted in %s", receipt, jobs.Enqueuing)
			}
			want := map[int64]int{}
			for _, i := range places {
				want[rowNumber(0, i)] = 1
			}
			for _, l := range []*Ledger{l, resumed(t, journalOf(t, l))} {
				settled, _ := rowsOf(t, l)
				if diff := cmp.Diff(want, settled); diff != "" {
					t.Errorf("outcomes by row (-want +got):\n%s", diff)
				}
				if got := must[jobs.Job](t)(l.Job(ctx, job)).Tally.OK; got != int64(len(places)) {
					t.Errorf("ok rows: got %d, want %d", got, len(places))
				}
			}
		})
	}
}

// The last word on a batch is the ledger's: an opening that follows a clean commit makes it dirty.
func TestI2TheJournalKeepsTheOrderOfABatch(t *testing.T) {
	const batches = 300
	l := newRun(t, t.TempDir())
	ctx := t.Context()
	var all sync.WaitGroup
	for batch := range int64(batches) {
		d := must[ledger.Delivery](t)(l.Open(ctx, job, batch, ledger.Claim{Worker: "w1", Calling: true}, start))
		all.Go(func() {
			if _, err := l.Commit(ctx, d, settling(batch, 1, jobs.NewProgress(rowsPerBatch), false, 0), start); err != nil {
				t.Error(err)
			}
		})
		all.Go(func() {
			if _, err := l.Open(ctx, job, batch, ledger.Claim{Worker: "w2", Calling: true}, start); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	after := resumed(t, journalOf(t, l))
	settled, _ := rowsOf(t, after)
	for batch := range int64(batches) {
		d := must[ledger.Delivery](t)(after.Open(ctx, job, batch, ledger.Claim{Worker: "w", Calling: true}, start))
		if !d.Dirty {
			t.Errorf("batch %d: clean after its second opening", batch)
		}
		if done, had := d.Progress != nil && d.Progress.Done(0), settled[rowNumber(batch, 0)] == 1; done != had {
			t.Errorf("batch %d: done %t, has an outcome %t", batch, done, had)
		}
	}
}

// A worker may end before it repeats its commit; the next delivery then relies on its progress.
func TestI1ACommitThatWasNeverRepeatedIsNotLost(t *testing.T) {
	l := newRun(t, t.TempDir())
	ctx := t.Context()
	first := must[ledger.Delivery](t)(l.Open(ctx, job, 0, ledger.Claim{Worker: "w1", Calling: true}, start))
	repair := failing(l)
	if _, err := l.Commit(ctx, first, settling(0, 1, jobs.NewProgress(rowsPerBatch), false, 0), start); !errors.Is(err, errDisk) {
		t.Fatalf("commit on a full disk: got %v, want %v", err, errDisk)
	}
	repair()
	second := must[ledger.Delivery](t)(l.Open(ctx, job, 0, ledger.Claim{Worker: "w2", Calling: true}, start))
	if !second.Progress.Done(0) {
		t.Error("the second delivery does not know of the first one's commit")
	}
	must[ledger.Receipt](t)(l.Commit(ctx, second, settling(0, 1, second.Progress, false, 1, 2, 3), start))
	settled, _ := rowsOf(t, l)
	if diff := cmp.Diff(map[int64]int{1: 1, 2: 1, 3: 1, 4: 1}, settled); diff != "" {
		t.Errorf("outcomes by row (-want +got):\n%s", diff)
	}
}
