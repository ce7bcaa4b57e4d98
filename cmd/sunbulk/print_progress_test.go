package main

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/jobs"
)

// busy is the widest line that there is: millions of rows of every outcome, and reasons to be slow.
func busy() service.Snapshot {
	return service.Snapshot{
		Job: jobs.Job{State: jobs.Running, Sealed: true, Options: jobs.Options{App: "5e4af71a81966cfff3ef6550"},
			Tally: jobs.Tally{Read: 2_000_000, OK: 1_100_000, Noop: 80_000, Failed: 20_000, Rejected: 3_000, InDoubt: 944}},
		Slow: []string{"34/s of 50/s: the API answered 429 at 02:14 and seems to allow 35/s"},
		At:   time.Now(),
	}
}

func TestProgressLineNeverWraps(t *testing.T) {
	slow, paused := busy(), busy()
	slow.Slow = append(slow.Slow, "every place for a call in flight is taken: add workers, or let each make more at once")
	paused.Job.State, paused.Job.Reason = jobs.Paused, strings.Repeat("the API answered 401 ", 10)
	for name, m := range map[string]service.Snapshot{"busy": busy(), "slow": slow, "paused": paused} {
		g := &progress{}
		g.begin(service.Snapshot{At: m.At.Add(-time.Hour)})
		for _, width := range []int{20, 40, 79, 120, 200} {
			if line := fit(g.parts(m), width); utf8.RuneCountInString(line) > width {
				t.Errorf("%s at %d columns: %q has %d", name, width, line, utf8.RuneCountInString(line))
			}
		}
	}
}

// What does not fit goes by its weight: how far, how long and what failed stay.
func TestProgressLineDropsTheLeastImportant(t *testing.T) {
	line := func(width int) string {
		m, g := busy(), &progress{}
		g.begin(service.Snapshot{At: m.At.Add(-time.Hour)})
		return fit(g.parts(m), width)
	}
	want := "1,203,944 of 2,000,000 rows (60%) · 20,000 failed · 944 in doubt · 334 rows/s · ETA 39m40s"
	if got := line(100); got != want {
		t.Errorf("100 columns:\ngot  %s\nwant %s", got, want)
	}
	if got, want := line(79), "1,203,944 of 2,000,000 rows (60%) · 20,000 failed · 944 in doubt · ETA 39m40s"; got != want {
		t.Errorf("79 columns:\ngot  %s\nwant %s", got, want)
	}
	if got := line(0); !strings.Contains(got, "80,000 noop") || !strings.Contains(got, "34/s of 50/s: the API answered 429 at 02:14") {
		t.Errorf("a log line leaves something out: %s", got)
	}
}

// A job that goes on first reads what it has read before: that is no rate of 0, and tells nothing of how many rows there are.
func TestProgressOfAJobThatGoesOn(t *testing.T) {
	now := time.Now()
	at := func(seconds int, read, ok int64) service.Snapshot {
		return service.Snapshot{At: now.Add(time.Duration(seconds) * time.Second),
			Job: jobs.Job{State: jobs.Enqueuing, Tally: jobs.Tally{Read: read, OK: ok, Unprocessed: read - ok}}}
	}
	bytes := int64(0)
	g := &progress{read: func() (int64, int64) { return bytes, 1_000_000 }}
	g.begin(at(0, 50_000, 40_000))
	for _, c := range []struct {
		now  service.Snapshot
		read int64
		want string
	}{
		{at(1, 50_000, 40_000), 20_000, "40,000 of ~50,000 rows (80%) · 40,000 ok · reading up to where it stopped"},
		{at(25, 50_000, 40_000), 480_000, "40,000 of ~50,000 rows (80%) · 40,000 ok · reading up to where it stopped"},
		{at(26, 50_100, 40_100), 501_000, "40,100 of ~100,000 rows (40%) · 40,100 ok · 100 rows/s · ETA 8m59s–11m58s"},
		{at(27, 50_100, 40_100), 501_000, "40,100 of ~100,000 rows (40%) · 40,100 ok · 50 rows/s · ETA 17m58s–23m57s"},
	} {
		bytes = c.read
		if got := fit(g.parts(c.now), 0); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
	fresh := &progress{read: func() (int64, int64) { return 0, 0 }}
	fresh.begin(at(0, 0, 0))
	if got, want := fit(fresh.parts(at(9, 300, 0)), 0), "0 of ~300 rows (0%) · 0 ok · 0 rows/s"; got != want {
		t.Errorf("new job: got %s, want %s", got, want)
	}
}

func TestBetweenIsARangeWhereTheTimesDiffer(t *testing.T) {
	for _, c := range []struct {
		low, high float64
		want      string
	}{{100, 105, "1m45s"}, {100, 200, "1m40s–3m20s"}, {0.1, 0.9, "1s"}} {
		if got := between(c.low, c.high); got != c.want {
			t.Errorf("%v to %v s: got %s, want %s", c.low, c.high, got, c.want)
		}
	}
}
