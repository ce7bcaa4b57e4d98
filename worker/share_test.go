package worker_test

import (
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
)

// A small job is finished long before the large one of the same app that came first.
func TestSmallJobIsNotStuckBehindALargeOne(t *testing.T) {
	t.Parallel()
	opt := options()
	opt.Rate, opt.Burst = 200, 20
	large := newRedisBench(t, suncotest.New(suncotest.Config{}), opt)
	large.queue(100, creates(20_000)...)
	small := *large
	small.job = jobs.NewID(time.Now().Add(time.Second))
	if err := small.ledger.Create(t.Context(), jobs.Job{ID: small.job, Options: opt, Created: time.Now()}); err != nil {
		t.Fatal(err)
	}
	small.queue(10, creates(50)...)
	w := large.worker()
	ended := make(chan error)
	go func() { ended <- w.Run(t.Context()) }()
	for small.state().State != jobs.Finished {
		time.Sleep(50 * time.Millisecond)
	}
	if got := large.state(); got.State != jobs.Running {
		t.Errorf("large job: got %s with %d rows done, want it running", got.State, got.Tally.OK)
	}
	for large.state().Tally.OK == 0 { // its first commit comes after half a second
		time.Sleep(50 * time.Millisecond)
	}
	w.Drain()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// Outside its window a job is paused with that reason.
func TestClosedWindowPauses(t *testing.T) {
	t.Parallel()
	opt := options()
	from := time.Now().UTC().Add(11 * time.Hour)
	opt.Schedule = jobs.Schedule{Window: from.Format("15:04") + "-" + from.Add(time.Hour).Format("15:04"), Timezone: "UTC"}
	opt.Rate, opt.Burst = 1, 1
	b := newBench(t, suncotest.New(suncotest.Config{}), opt)
	b.queue(10, creates(50)...)
	w := b.worker()
	ended := make(chan error)
	go func() { ended <- w.Serve(t.Context(), b.job) }()
	for b.state().State != jobs.Paused {
		time.Sleep(50 * time.Millisecond)
	}
	if got, want := b.state().Reason, opt.OutsideWindow(); got != want {
		t.Errorf("reason: got %q, want %q", got, want)
	}
	w.Drain()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// A job that its window paused goes on by itself when it is open; one that an operator paused does not.
func TestOpenWindowResumes(t *testing.T) {
	t.Parallel()
	opt := options()
	opt.Schedule = jobs.Schedule{Window: "sun-sat 00:00-24:00", Timezone: "UTC"}
	for kind, want := range map[jobs.PauseKind]jobs.State{jobs.PauseWindow: jobs.Finished, jobs.PauseByHand: jobs.Paused} {
		b := newBench(t, suncotest.New(suncotest.Config{}), opt)
		b.queue(10, creates(20)...)
		if err := b.queues.Pause(b.job); err != nil {
			t.Fatal(err)
		}
		if err := b.ledger.Pause(t.Context(), b.job, "", jobs.PauseWindow, "reworded"); err != nil {
			t.Fatal(err)
		}
		if err := b.ledger.Pause(t.Context(), b.job, "", kind, opt.OutsideWindow()); err != nil {
			t.Fatal(err)
		}
		b.serve()
		if got := b.state().State; got != want {
			t.Errorf("paused by %s: got %s, want %s", kind, got, want)
		}
	}
}
