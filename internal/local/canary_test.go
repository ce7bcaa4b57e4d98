package local

import (
	"context"
	"testing"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/jobs"
)

// The end of a canary survives the process: a run that goes on opens what is behind it at once.
func TestI9TheEndOfACanaryIsInTheJournal(t *testing.T) {
	ctx, codec, dir := context.Background(), newCodec(t), t.TempDir()
	h := head()
	h.Options.Canary = jobs.Canary{Rows: 4}
	for _, over := range []bool{false, true} {
		memory := newMemory(t, codec)
		var l *Ledger
		if !over {
			l = must[*Ledger](t)(Create(dir, h, memory, codec))
			if err := l.Create(ctx, jobs.Job{ID: job, Options: h.Options, Created: start}); err != nil {
				t.Fatal(err)
			}
		} else {
			var err error
			if l, _, err = Resume(ctx, dir, h, memory, codec); err != nil {
				t.Fatal(err)
			}
		}
		want := ledger.Held
		if over {
			want = ledger.Opened
		}
		if d := must[ledger.Delivery](t)(l.Open(ctx, job, 1, ledger.Claim{Worker: "w"}, start)); d.Verdict != want {
			t.Errorf("a batch behind the canary, which is over: %t: got %s, want %s", over, d.Verdict, want)
		}
		if err := l.Note(ctx, job, ledger.Note{Read: 8, Batches: 2, Through: 6}); err != nil {
			t.Fatal(err)
		}
		if j := must[jobs.Job](t)(l.Job(ctx, job)); j.Through != 6 || j.AllRead() != 6 {
			t.Errorf("all rows are read up to: got %d, want 6", j.AllRead())
		}
		if err := l.EndCanary(ctx, job); err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
