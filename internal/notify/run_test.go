package notify

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/internal/runbook"
	"github.com/sunbulk/sunbulk/internal/runs"
	"github.com/sunbulk/sunbulk/internal/schedule"
	"github.com/sunbulk/sunbulk/jobs"
)

// begin makes a run of one step, whose job is there, and returns it.
func (p *place) begin(events ...string) runs.Run {
	p.t.Helper()
	now := time.Now()
	book := &runbook.Runbook{Name: "nightly", App: app, Input: []string{"users.csv"}, Steps: []runbook.Step{{Name: "find", Op: jobs.List}}, Notify: events}
	r := runs.Run{ID: jobs.NewID(now), Runbook: book, Created: now}
	p.do(runs.NewStore(p.rdb).Create(p.t.Context(), r))
	opt, err := r.Options(0)
	p.do(err)
	p.do(p.ledger.Create(p.t.Context(), jobs.Job{ID: r.Job(0), Options: opt, Created: now}))
	return r
}

// finishRun ends the run and its job.
func (p *place) finishRun(r runs.Run) {
	p.t.Helper()
	p.do(p.ledger.Seal(p.t.Context(), r.Job(0), nil, time.Now()))
	p.do(runs.NewStore(p.rdb).Advance(p.t.Context(), r))
}

// The end of a run is reported, and not that of its jobs; a pause of either is.
func TestRunsAreToldAndNotTheEndsOfTheirSteps(t *testing.T) {
	p, r := newPlace(t), receive(t, http.StatusOK)
	run := p.begin()
	p.do(runs.NewStore(p.rdb).Pause(t.Context(), run.ID, "", jobs.PauseCap, "cap of step find: too many"))
	p.do(runs.NewStore(p.rdb).Resume(t.Context(), run.ID, "ann@host", 1))
	p.do(p.ledger.Pause(t.Context(), run.Job(0), "", jobs.PauseRefused, "the API answered 401"))
	p.do(p.ledger.Resume(t.Context(), run.Job(0), "", ""))
	n := p.notifier(r.hook(t, JSON, ""))
	p.look(n)
	p.finishRun(run)
	p.look(n)
	p.look(n)
	want := []string{run.Job(0) + ":paused:1", run.ID + ":paused:1", run.ID + ":finished"}
	if diff := cmp.Diff(want, r.ids()); diff != "" {
		t.Errorf("notices (-want +got):\n%s", diff)
	}
	if body := string(r.posts[2].body); !strings.Contains(body, `"run":"`+run.ID+`"`) || !strings.Contains(body, `"runbook":"nightly"`) || strings.Contains(body, `"job"`) {
		t.Errorf("got %s, want the run and no job", body)
	}
}

// Somebody who pauses a run pauses its job with it, and people hear of that once. A pause of the job alone is reported, though
// the run was paused for that reason before.
func TestAPauseOfARunIsToldOnce(t *testing.T) {
	p, r := newPlace(t), receive(t, http.StatusOK)
	run, store := p.begin(), runs.NewStore(p.rdb)
	p.do(store.Pause(t.Context(), run.ID, "ann@host", jobs.PauseByHand, "vendor maintenance"))
	p.do(p.ledger.Pause(t.Context(), run.Job(0), "ann@host", jobs.PauseRun, "reworded"))
	n := p.notifier(r.hook(t, JSON, ""))
	p.look(n)
	p.do(store.Resume(t.Context(), run.ID, "ann@host", 0))
	p.do(p.ledger.Resume(t.Context(), run.Job(0), "ann@host", ""))
	p.look(n)
	want := []string{run.ID + ":paused:1"}
	if diff := cmp.Diff(want, r.ids()); diff != "" {
		t.Errorf("notices (-want +got):\n%s", diff)
	}
	p.do(p.ledger.Pause(t.Context(), run.Job(0), "ann@host", jobs.PauseByHand, "vendor maintenance"))
	p.look(n)
	p.do(p.ledger.Resume(t.Context(), run.Job(0), "", ""))
	p.do(p.ledger.Pause(t.Context(), run.Job(0), "", jobs.PauseRun, "reworded"))
	p.look(n)
	if diff := cmp.Diff(append(want, run.Job(0)+":paused:3"), r.ids()); diff != "" {
		t.Errorf("notices (-want +got):\n%s", diff)
	}
}

func TestRunbookChoosesItsEvents(t *testing.T) {
	p, r := newPlace(t), receive(t, http.StatusOK)
	run := p.begin("paused")
	n := p.notifier(r.hook(t, JSON, ""))
	p.do(p.ledger.Pause(t.Context(), run.Job(0), "", jobs.PauseRefused, "the API answered 401"))
	p.look(n)
	p.do(p.ledger.Resume(t.Context(), run.Job(0), "", ""))
	p.finishRun(run)
	p.look(n)
	if diff := cmp.Diff([]string{run.Job(0) + ":paused:1"}, r.ids()); diff != "" {
		t.Errorf("notices (-want +got):\n%s", diff)
	}
	s := &schedule.Schedule{Name: "nightly", Runbook: run.Runbook}
	p.do(n.NotStarted(t.Context(), s, schedule.Entry{ID: "1-0", What: schedule.Missed}))
	if got := r.ids(); len(got) != 1 {
		t.Errorf("told of a slot, and the runbook does not ask for it: %q", got)
	}
}

func TestSlotsWithoutARunAreTold(t *testing.T) {
	p, r := newPlace(t), receive(t, http.StatusBadGateway, http.StatusOK, http.StatusGone)
	n := p.notifier(r.hook(t, Slack, ""))
	s := &schedule.Schedule{Name: "nightly", Runbook: &runbook.Runbook{Name: "nightly", App: app}}
	e := schedule.Entry{ID: "1-0", At: time.Now(), What: schedule.NotStarted, Reason: "the input has no rows"}
	if err := n.NotStarted(t.Context(), s, e); !errors.As(err, new(*rejection)) {
		t.Errorf("got %v, want what the receiver answered, so that it is tried again", err)
	}
	p.do(n.NotStarted(t.Context(), s, e))
	p.do(n.NotStarted(t.Context(), s, e)) // given up: the receiver is gone
	want := `sunbulk schedule nightly (app ` + app + `) has not started: the input has no rows`
	if body := string(r.posts[1].body); !strings.Contains(body, want) {
		t.Errorf("got %s, want %s", body, want)
	}
}
