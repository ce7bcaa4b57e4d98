package notify

import (
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/internal/pace"
	"github.com/sunbulk/sunbulk/jobs"
)

// night is in the window of the job.
var night = time.Date(2026, 11, 22, 23, 0, 0, 0, time.UTC)

// stalls returns the id of the notice of a job that has stalled so many minutes later, else nothing.
func (p *place) stalls(n *Notifier, j jobs.Job, minutes int) string {
	p.t.Helper()
	notice, stalled, err := n.stall(p.t.Context(), j, night.Add(time.Duration(minutes)*time.Minute))
	p.do(err)
	if !stalled {
		return ""
	}
	return notice.ID
}

func running(t *testing.T, p *place) jobs.Job {
	t.Helper()
	j, err := p.ledger.Job(t.Context(), job)
	p.do(err)
	return j
}

func TestAJobWithoutProgressStalls(t *testing.T) {
	p := newPlace(t)
	n, j := p.notifier(nil), running(t, p)
	want := func(minutes int, want string) {
		t.Helper()
		if got := p.stalls(n, j, minutes); got != want {
			t.Errorf("after %d minutes: got %q, want %q", minutes, got, want)
		}
	}
	want(0, "")
	want(9, "")
	want(10, job+":stalled:0:0")
	want(30, job+":stalled:0:0")
	j.Tally.OK, j.Tally.Unprocessed = 1, 9
	want(31, "")
	want(40, "")
	want(41, job+":stalled:1:0")
	j.State = jobs.Paused
	want(42, "")
	j.State, j.Events = jobs.Running, []jobs.Event{{What: jobs.EventPause}, {What: jobs.EventResume}}
	want(43, "")
	want(53, job+":stalled:1:2")
	want(9*60, "") // outside the window
	j.Tally.OK, j.Tally.Unprocessed = 10, 0
	want(24*60, "")
	want(25*60, "")
}

func TestALowPaceIsNoStall(t *testing.T) {
	p := newPlace(t)
	n, j := p.notifier(nil), running(t, p)
	p.do(pace.New(p.rdb, app, "w").Lane(job, pace.Terms{Rate: 0.01, Burst: 1}).Keep(t.Context()))
	for minutes, want := range []string{0: "", 12: "", 17: job + ":stalled:0:0"} { // ten calls take 1000 s
		if got := p.stalls(n, j, minutes); got != want {
			t.Errorf("after %d minutes: got %q, want %q", minutes, got, want)
		}
	}
}

func TestAHaltIsNoStall(t *testing.T) {
	p := newPlace(t)
	n, j := p.notifier(nil), running(t, p)
	j.Options.Window = "" // Redis' clock says when the halt ends
	p.do(pace.New(p.rdb, app, "w").Throttled(t.Context(), time.Hour, 0))
	for minutes, want := range []string{0: "", 12: "", 69: "", 70: job + ":stalled:0:0"} {
		_, got, err := n.stall(t.Context(), j, time.Now().Add(time.Duration(minutes)*time.Minute))
		p.do(err)
		if got != (want != "") {
			t.Errorf("after %d minutes: stalled %v", minutes, got)
		}
	}
}
