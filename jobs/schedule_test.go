package jobs

import (
	"testing"
	"time"
)

func at(t *testing.T, zone, text string) time.Time {
	t.Helper()
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	when, err := time.ParseInLocation("2006-01-02 15:04", text, loc)
	if err != nil {
		t.Fatal(err)
	}
	return when
}

func TestScheduleOpen(t *testing.T) {
	const madrid = "Europe/Madrid" // summer time began on Sunday 2026-03-29 at 02:00, and ended on 2026-10-25 at 03:00
	for _, tt := range []struct {
		window, at string
		want       bool
	}{
		{"", "2026-11-23 12:00", true},
		{"22:00-06:00", "2026-11-23 21:59", false},
		{"22:00-06:00", "2026-11-23 22:00", true},
		{"22:00-06:00", "2026-11-24 05:59", true},
		{"22:00-06:00", "2026-11-24 06:00", false},
		{"09:00-17:00", "2026-11-24 12:00", true},
		{"09:00-17:00", "2026-11-24 17:00", false},
		{"sun-sat 00:00-24:00", "2026-11-24 23:59", true},
		{"mon-fri 22:00-06:00", "2026-11-28 05:00", true}, // Saturday morning: opened on Friday
		{"mon-fri 22:00-06:00", "2026-11-28 23:00", false},
		{"mon-fri 22:00-06:00", "2026-11-30 05:00", false}, // Monday morning: would have opened on Sunday
		{"sat,sun 08:00-20:00", "2026-11-29 12:00", true},
		{"sat-sun 08:00-20:00", "2026-11-30 12:00", false},
		{"22:00-06:00", "2026-03-29 05:30", true}, // the night is an hour shorter
		{"22:00-06:00", "2026-03-29 06:00", false},
		{"02:30-04:00", "2026-03-29 03:45", true}, // 02:30 does not exist: the window opens at 03:30
		{"02:30-04:00", "2026-03-29 03:15", false},
		{"22:00-06:00", "2026-10-25 05:59", true}, // the night is an hour longer
		{"22:00-06:00", "2026-10-25 06:00", false},
	} {
		s := Schedule{Window: tt.window, Timezone: madrid}
		if wrong := s.check(); wrong != nil {
			t.Errorf("check %q: %v", tt.window, wrong)
		}
		if got := s.Open(at(t, madrid, tt.at).UTC()); got != tt.want {
			t.Errorf("%q at %s: got open %t, want %t", tt.window, tt.at, got, tt.want)
		}
	}
}

// An hour that summer time repeats at its end is inside both times.
func TestScheduleOpenInTheRepeatedHour(t *testing.T) {
	s := Schedule{Window: "01:00-04:00", Timezone: "Europe/Madrid"}
	first := time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC) // 02:30 in summer time
	for _, when := range []time.Time{first, first.Add(time.Hour), first.Add(2 * time.Hour)} {
		if !s.Open(when) {
			t.Errorf("at %s: got closed, want open", when)
		}
	}
	if s.Open(first.Add(3 * time.Hour)) {
		t.Error("at 04:30: got open, want closed")
	}
}

func TestScheduleOpenUntil(t *testing.T) {
	const madrid = "Europe/Madrid"
	for _, tt := range []struct{ window, at, want string }{
		{"22:00-06:00", "2026-11-23 22:00", "2026-11-24 06:00"},
		{"22:00-06:00", "2026-11-24 05:59", "2026-11-24 06:00"},
		{"22:00-06:00", "2026-10-24 23:00", "2026-10-25 06:00"}, // nine hours later
		{"sun-sat 00:00-24:00", "2026-11-24 23:59", "2026-11-25 00:00"},
		{"sun-sat 00:00-24:00", "2026-11-25 00:00", "2026-11-26 00:00"},
	} {
		closes, open := Schedule{Window: tt.window, Timezone: madrid}.OpenUntil(at(t, madrid, tt.at).UTC())
		if want := at(t, madrid, tt.want); !open || !closes.Equal(want) {
			t.Errorf("%q at %s: got open %t until %s, want until %s", tt.window, tt.at, open, closes, want)
		}
	}
	if closes, open := (Schedule{}).OpenUntil(time.Now()); !open || !closes.IsZero() {
		t.Errorf("without a window: got open %t until %s, want open for ever", open, closes)
	}
	if _, open := (Schedule{Window: "22:00-06:00", Timezone: madrid}).OpenUntil(at(t, madrid, "2026-11-24 06:00")); open {
		t.Error("at its end: got open, want closed")
	}
}

func TestDeadline(t *testing.T) {
	const zone = "Europe/Madrid"
	for _, tt := range []struct{ finishBy, created, want string }{
		{"06:00", "2026-11-23 22:00", "2026-11-24 06:00"},
		{"06:00", "2026-11-24 05:59", "2026-11-24 06:00"},
		{"06:00", "2026-11-24 06:00", "2026-11-25 06:00"},
		{"06:00", "2026-10-24 22:00", "2026-10-25 06:00"}, // nine hours later
		{"2026-12-01 06:00", "2026-11-24 22:00", "2026-12-01 06:00"},
	} {
		s := Schedule{FinishBy: tt.finishBy, Timezone: zone}
		got, err := s.Deadline(at(t, zone, tt.created).UTC())
		if err != nil {
			t.Fatal(err)
		}
		if want := at(t, zone, tt.want); !got.Equal(want) {
			t.Errorf("%s from %s: got %s, want %s", tt.finishBy, tt.created, got, want)
		}
	}
}

func TestScheduleThatCannotBeRead(t *testing.T) {
	for _, s := range []Schedule{
		{Window: "22"}, {Window: "22:00"}, {Window: "25:00-26:00"}, {Window: "06:00-06:00"}, {Window: "noday 22:00-06:00"},
		{Window: "mon- 22:00-06:00"}, {FinishBy: "soon"}, {FinishBy: "06:00:00"}, {Timezone: "Nowhere"},
	} {
		if len(s.check()) != 1 {
			t.Errorf("%+v: got %v, want one error", s, s.check())
		}
	}
}

func TestNeeded(t *testing.T) {
	now := time.Date(2026, 11, 24, 5, 0, 0, 0, time.UTC)
	job := Job{Sealed: true, Created: now.Add(-time.Hour), Tally: Tally{Read: 4600, OK: 1000}, Stats: Stats{Calls: 2000}}
	if _, known := job.Needed(now); known {
		t.Error("without a deadline: got a rate")
	}
	job.Options.Schedule = Schedule{FinishBy: "06:00", Timezone: "UTC"}
	if got, known := job.Needed(now); !known || got < 2 || got > 2.1 { // 3600 rows of two calls in an hour
		t.Errorf("an hour before: got %g, %t, want 2 to 2.1", got, known)
	}
	if got, known := job.Needed(now.Add(time.Hour)); !known || got >= 0 {
		t.Errorf("at the deadline: got %g, %t, want a negative rate", got, known)
	}
	job.Sealed = false
	if _, known := job.Needed(now); known {
		t.Error("while rows are read: got a rate")
	}
}
