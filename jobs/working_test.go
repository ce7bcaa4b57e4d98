package jobs

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestWorkedLeavesPausesOut(t *testing.T) {
	start := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	at := func(minutes int, what string) Event {
		return Event{At: start.Add(time.Duration(minutes) * time.Minute), What: what}
	}
	for _, c := range []struct {
		name     string
		events   []Event
		finished bool
		want     time.Duration
	}{
		{"running", nil, false, time.Hour},
		{"finished", nil, true, 50 * time.Minute},
		{"paused for 10 minutes", []Event{at(10, EventPause), at(20, EventResume)}, true, 40 * time.Minute},
		{"an operator's pause in place of the window's", []Event{at(10, EventPause), at(15, EventPause), at(20, EventResume)}, true, 40 * time.Minute},
		{"still paused", []Event{at(10, EventPause)}, false, 10 * time.Minute},
		{"paused before the first batch was opened", []Event{at(-5, EventPause), at(-2, EventResume)}, false, time.Hour},
		{"cancelled while paused", []Event{at(10, EventPause), at(50, EventCancel)}, true, 10 * time.Minute},
	} {
		job := Job{Started: start, Events: c.events}
		if c.finished {
			job.Finished = start.Add(50 * time.Minute)
		}
		if got := job.Worked(start.Add(time.Hour)); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func TestLeftIsARangeBetweenTwoRates(t *testing.T) {
	start := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	now := start.Add(100 * time.Second)
	job := Job{Started: start, Sealed: true, Tally: Tally{Read: 3000, OK: 1000}, Stats: Stats{Calls: 2000}} // 20 calls/s, 2 for a row
	for _, c := range []struct {
		perSecond float64
		low, high time.Duration
		known     bool
	}{
		{20, 200 * time.Second, 200 * time.Second, true},
		{40, 100 * time.Second, 200 * time.Second, true},
		{10, 200 * time.Second, 400 * time.Second, true},
		{0, 0, 0, false},
	} {
		low, high, known := job.Left(c.perSecond, now)
		if low != c.low || high != c.high || known != c.known {
			t.Errorf("at %v calls/s: got %s to %s (%t), want %s to %s (%t)", c.perSecond, low, high, known, c.low, c.high, c.known)
		}
	}
	job.Sealed = false
	if _, _, known := job.Left(20, now); known {
		t.Error("while rows are being read: got a time, want none")
	}
}

func TestPauses(t *testing.T) {
	at := func(minute int) time.Time { return time.Date(2026, 11, 22, 15, minute, 0, 0, time.UTC) }
	event := func(minute int, what string) Event { return Event{At: at(minute), What: what} }
	events := []Event{
		event(0, EventResume), event(1, EventPause), event(2, EventPause), event(3, "slowed down"), event(4, EventResume),
		event(5, EventPause), event(6, EventCancel), event(7, EventPause),
	}
	want := []Pause{{From: at(1), To: at(4)}, {From: at(5), To: at(6)}, {From: at(7), To: at(9)}}
	if diff := cmp.Diff(want, Pauses(events, at(9))); diff != "" {
		t.Errorf("pauses (-want +got):\n%s", diff)
	}
}
