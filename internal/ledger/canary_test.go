package ledger

import (
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
)

// Batches behind the canary are opened when all of its batches are finished and EndCanary was called.
func TestCanaryHoldsTheOtherBatches(t *testing.T) {
	each(t, func(t *testing.T, l *Ledger) {
		ctx := t.Context()
		const batches = 11 // more than a byte of the bitmap
		opt := jobs.Options{BatchSize: 5, Canary: jobs.Canary{Rows: 5*batches - 2}}
		if err := l.Create(ctx, jobs.Job{ID: job, Options: opt, Created: start}); err != nil {
			t.Fatal(err)
		}
		for batch := range int64(batches) {
			if state, _, err := l.Canary(ctx, job); err != nil || state != CanaryRunning {
				t.Errorf("after %d batches: got %s, %v; want it running", batch, state, err)
			}
			if d := must[Delivery](t)(l.Open(ctx, job, batches, Claim{Worker: "w"}, start)); d.Verdict != Held {
				t.Errorf("a batch behind the canary: got %s, want %s", d.Verdict, Held)
			}
			d := must[Delivery](t)(l.Open(ctx, job, batch, Claim{Worker: "w"}, start))
			p := jobs.NewProgress(1)
			p.Finish(0)
			must[Receipt](t)(l.Commit(ctx, d, Commit{Sequence: 1, Progress: p}, start))
		}
		state, past, err := l.Canary(ctx, job)
		if err != nil || state != CanaryFinished || past < 0 || past > time.Minute {
			t.Errorf("got %s since %s, %v; want it finished just now", state, past, err)
		}
		if j := must[jobs.Job](t)(l.Job(ctx, job)); j.CanaryFinished.IsZero() || !j.InCanary() {
			t.Errorf("finished: got %+v", j)
		}
		if d := must[Delivery](t)(l.Open(ctx, job, batches, Claim{Worker: "w"}, start)); d.Verdict != Held {
			t.Errorf("before the end: got %s, want %s", d.Verdict, Held)
		}
		if err := l.EndCanary(ctx, job); err != nil {
			t.Fatal(err)
		}
		if d := must[Delivery](t)(l.Open(ctx, job, batches, Claim{Worker: "w"}, start)); d.Verdict != Opened {
			t.Errorf("after the end: got %s, want %s", d.Verdict, Opened)
		}
	})
}

// Resuming a job whose canary failed lets the others go; resuming one that was paused before does not.
func TestResumeAfterTheCanary(t *testing.T) {
	each(t, func(t *testing.T, l *Ledger) {
		ctx := t.Context()
		if err := l.Create(ctx, jobs.Job{ID: job, Options: jobs.Options{BatchSize: 5, Canary: jobs.Canary{Rows: 5}}, Created: start}); err != nil {
			t.Fatal(err)
		}
		pauseAndResume := func(kind jobs.PauseKind, reason string) jobs.Job {
			t.Helper()
			if err := l.Pause(ctx, job, "", kind, reason); err != nil {
				t.Fatal(err)
			}
			if err := l.Resume(ctx, job, "ann@host", ""); err != nil {
				t.Fatal(err)
			}
			return must[jobs.Job](t)(l.Job(ctx, job))
		}
		if j := pauseAndResume(jobs.PauseCanary, "reworded"); j.CanaryOver {
			t.Error("the canary is over before it was finished")
		}
		d := must[Delivery](t)(l.Open(ctx, job, 0, Claim{Worker: "w"}, start))
		p := jobs.NewProgress(1)
		p.Finish(0)
		must[Receipt](t)(l.Commit(ctx, d, Commit{Sequence: 1, Progress: p}, start))
		if _, _, err := l.Canary(ctx, job); err != nil {
			t.Fatal(err)
		}
		if j := pauseAndResume(jobs.PauseByHand, "canary: let me look"); j.CanaryOver {
			t.Error("a pause for another reason ended the canary")
		}
		if j := pauseAndResume(jobs.PauseCanary, "reworded"); !j.CanaryOver {
			t.Error("the canary holds the others after it was looked at")
		}
	})
}
