package ledger

import (
	"errors"
	"testing"

	"github.com/sunbulk/sunbulk/jobs"
)

// A finished job can be mended by one process at a time, by the newest where there are several, and only batches that are finished are reopened.
func TestI3OnlyTheNewestMendingReopens(t *testing.T) {
	each(t, func(t *testing.T, l *Ledger) {
		ctx := t.Context()
		if err := errors.Join(l.Create(ctx, jobs.Job{ID: job, Options: jobs.Options{BatchSize: 2}, Created: start}), l.Note(ctx, job, Note{Read: 4, Batches: 2})); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Mend(ctx, job, "ann", ""); !errors.Is(err, ErrIllegal) {
			t.Errorf("a job that is being queued: got %v, want ErrIllegal", err)
		}
		if err := l.Seal(ctx, job, nil, start); err != nil {
			t.Fatal(err)
		}
		finish := func(batch int64) {
			t.Helper()
			d := must[Delivery](t)(l.Open(ctx, job, batch, Claim{Worker: "w"}, start))
			p := jobs.NewProgress(2)
			p.Finish(0)
			p.Finish(1)
			must[Receipt](t)(l.Commit(ctx, d, Commit{Sequence: 1, Progress: p}, start))
		}
		finish(0)
		finish(1)

		first, second := must[int64](t)(l.Mend(ctx, job, "ann", "")), must[int64](t)(l.Mend(ctx, job, "bob", ""))
		if j := must[jobs.Job](t)(l.Job(ctx, job)); j.State != jobs.Enqueuing || !j.Mending || !j.Finished.IsZero() || len(j.Events) != 1 {
			t.Errorf("got %+v, want it being queued, with one event", j)
		}
		p := jobs.NewProgress(2)
		p.Finish(1)
		if err := l.Reopen(ctx, job, first, 1, p); !errors.Is(err, ErrMending) {
			t.Errorf("by the first: got %v, want ErrMending", err)
		}
		for range 2 { // a script whose answer is lost is sent again
			if err := l.Reopen(ctx, job, second, 1, p); err != nil {
				t.Fatal(err)
			}
		}
		if _, finished, err := l.Progress(ctx, job); err != nil || finished != 1 {
			t.Errorf("got %d finished batches, %v; want 1", finished, err)
		}
		if err := l.Seal(ctx, job, nil, start); err != nil {
			t.Fatal(err)
		}
		d := must[Delivery](t)(l.Open(ctx, job, 1, Claim{Worker: "w"}, start))
		if !d.Dirty || !d.Since.Equal(start) || d.Progress.Done(0) || !d.Progress.Done(1) {
			t.Errorf("got %+v, want row 0 to be looked for, since the job was created", d)
		}
		if _, err := l.Mend(ctx, job, "ann", ""); !errors.Is(err, ErrIllegal) {
			t.Errorf("a job that runs again: got %v, want ErrIllegal", err)
		}
		finish(1)
		if j := must[jobs.Job](t)(l.Job(ctx, job)); j.State != jobs.Finished || j.Mending {
			t.Errorf("got %+v, want it finished", j)
		}
	})
}
