package service

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/pace"
	"github.com/sunbulk/sunbulk/jobs"
)

func TestSlownessHasAReason(t *testing.T) {
	worker := func(d ledger.Doing, perSecond float64) ledger.Worker {
		return ledger.Worker{Doing: d, PerSecond: perSecond}
	}
	for name, c := range map[string]struct {
		state   jobs.State
		pace    pace.Standing
		workers []ledger.Worker
		want    []string
	}{
		"as fast as asked": {jobs.Running, pace.Standing{Rate: 50, Limit: 50}, []ledger.Worker{worker(ledger.Calling, 50)}, nil},
		"slowed by a 429": {jobs.Running, pace.Standing{Rate: 25, Limit: 50, Reason: "the API answered 429 at 02:14"}, []ledger.Worker{worker(ledger.Calling, 25)},
			[]string{"25/s of 50/s: the API answered 429 at 02:14"}},
		"no worker":             {jobs.Running, pace.Standing{}, nil, []string{"no worker of app demo serves the job"}},
		"all are stopping":      {jobs.Running, pace.Standing{}, []ledger.Worker{worker(ledger.Stopping, 5)}, []string{"no worker of app demo serves the job"}},
		"full":                  {jobs.Running, pace.Standing{Rate: 50}, []ledger.Worker{worker(ledger.Full, 20)}, []string{"every place for a call in flight is taken: add workers, or let each make more at once"}},
		"full at no limit":      {jobs.Running, pace.Standing{}, []ledger.Worker{worker(ledger.Full, 2000)}, nil},
		"full, and at its rate": {jobs.Running, pace.Standing{Rate: 50}, []ledger.Worker{worker(ledger.Full, 49)}, nil},
		"paused":                {jobs.Paused, pace.Standing{Reason: "set by an operator"}, nil, nil},
	} {
		job := jobs.Job{State: c.state, Options: jobs.Options{App: "demo"}}
		if diff := cmp.Diff(c.want, slowness(job, c.pace, c.workers, time.Now())); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestHostAndPIDOfAWorker(t *testing.T) {
	for name, want := range map[string]struct {
		host string
		pid  int
	}{
		"box-1234-ABCDEF": {"box", 1234}, "my-box-2-1234-ABCDEF": {"my-box-2", 1234}, "test-ABCDEF": {"test", 0}, "odd": {"odd", 0},
	} {
		if host, pid := hostAndPID(name); host != want.host || pid != want.pid {
			t.Errorf("%s: got %q, %d; want %q, %d", name, host, pid, want.host, want.pid)
		}
	}
}
