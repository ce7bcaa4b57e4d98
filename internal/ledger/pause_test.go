package ledger

import (
	"testing"

	"github.com/sunbulk/sunbulk/jobs"
)

// An operator's pause takes the place of one by the window, and of no other; resuming a job whose canary failed lets the others go on.
// That holds however the reasons are worded, and for what an older release has left, which stored a reason alone.
func TestPausesAreToldByTheirKind(t *testing.T) {
	each(t, func(t *testing.T, l *Ledger) {
		ctx := t.Context()
		type pause struct {
			kind   jobs.PauseKind
			reason string
			old    bool // of an older release
		}
		paused := func(p pause) {
			t.Helper()
			if err := l.rdb.Del(ctx, key(job)).Err(); err != nil {
				t.Fatal(err)
			}
			if err := l.Create(ctx, jobs.Job{ID: job, Options: jobs.Options{BatchSize: 5, Canary: jobs.Canary{Rows: 5}}, Created: start}); err != nil {
				t.Fatal(err)
			}
			set := []any{"canary_finished", start.UnixMilli()}
			if p.old {
				set = append(set, "state", "paused", "reason", p.reason)
			} else if err := l.Pause(ctx, job, "", p.kind, p.reason); err != nil {
				t.Fatal(err)
			}
			if err := l.rdb.HSet(ctx, key(job), set...).Err(); err != nil {
				t.Fatal(err)
			}
			if got := must[jobs.Job](t)(l.Job(ctx, job)).Pause; got != p.kind {
				t.Errorf("%+v: got %q", p, got)
			}
		}
		for _, p := range []pause{
			{jobs.PauseWindow, "reworded", false}, {jobs.PauseWindow, "outside the window 01:00-02:00 (UTC)", true},
			{jobs.PauseCanary, "reworded", false}, {jobs.PauseCanary, "canary: 5 of 5 rows failed", true},
			{jobs.PauseByHand, "outside the window 01:00-02:00 (UTC)", false}, {jobs.PauseByHand, "vendor maintenance", true},
			{jobs.PauseByHand, "canary: let me look", false}, {jobs.PauseRun, "the run is paused", true},
		} {
			paused(p)
			if err := l.Pause(ctx, job, "ann@host", jobs.PauseByHand, "lunch"); err != nil {
				t.Fatal(err)
			}
			want := p.reason
			if p.kind == jobs.PauseWindow {
				want = "lunch"
			}
			if got := must[jobs.Job](t)(l.Job(ctx, job)); got.Reason != want || got.WaitsForWindow() {
				t.Errorf("%+v, paused by hand: got %q, %s; want %q", p, got.Reason, got.Pause, want)
			}
			paused(p)
			if err := l.Resume(ctx, job, "ann@host", ""); err != nil {
				t.Fatal(err)
			}
			if got := must[jobs.Job](t)(l.Job(ctx, job)); got.CanaryOver != (p.kind == jobs.PauseCanary) || got.Pause != "" {
				t.Errorf("%+v, resumed: the canary is over: %t, still paused by %q", p, got.CanaryOver, got.Pause)
			}
		}
	})
}
