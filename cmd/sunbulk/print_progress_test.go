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
		Slow: []string{"34/s of 50/s: the API answered 429 at 02:14, and its answers are slow since"},
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
