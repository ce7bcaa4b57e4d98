package pace

import (
	"testing"
	"time"
)

func TestClockIsNarrowedByFastReplies(t *testing.T) {
	here := time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC)
	const ahead, ms = 2 * time.Second, time.Millisecond
	var c clock
	reply := func(after, there, back time.Duration) {
		sent := here.Add(after)
		c.heard(sent.Add(there).Add(ahead), sent, sent.Add(there).Add(back))
	}
	check := func(what string, most time.Duration) {
		t.Helper()
		at, unsure := c.local(here.Add(ahead))
		if at.Before(here) {
			t.Errorf("%s: a slot is used %s too early", what, here.Sub(at))
		}
		if latest := at.Add(-unsure); latest.After(here) || unsure > most {
			t.Errorf("%s: unsure by %s, want at most %s around the true time", what, unsure, most)
		}
	}
	reply(0, 40*ms, 300*ms)
	check("a slow reply", 340*ms)
	reply(time.Second, ms, ms)
	check("a fast one", 2*ms)
	reply(2*time.Second, 500*ms, 100*ms)
	check("a slow one again", 3*ms)
	reply(time.Minute, 500*ms, 400*ms)
	check("and a minute later", 26*ms)
}

func TestClockThatWasSetIsLearntAnew(t *testing.T) {
	here := time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC)
	var c clock
	c.heard(here, here, here.Add(time.Millisecond))
	c.heard(here.Add(time.Hour), here.Add(time.Second), here.Add(time.Second+time.Millisecond))
	if at, _ := c.local(here.Add(time.Hour)); at.Sub(here.Add(time.Second)) > time.Millisecond || at.Before(here.Add(time.Second)) {
		t.Errorf("got %s, want about %s", at, here.Add(time.Second))
	}
}
