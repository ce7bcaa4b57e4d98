package jobs

import (
	"testing"
	"time"
)

func TestJudgeCanary(t *testing.T) {
	percent, count := Threshold{Percent: 20}, Threshold{Count: 500}
	for _, c := range []struct {
		name  string
		limit Threshold
		rows  Tally
		want  string
	}{
		{"below the share", percent, Tally{OK: 41, Failed: 9}, ""},
		{"at the share, with far fewer rows than a job is judged by", percent, Tally{OK: 40, Failed: 10}, "canary: 10 of 50 rows failed, most with user_not_found"},
		{"rows in doubt are failures", percent, Tally{OK: 40, Failed: 9, InDoubt: 1}, "canary: 10 of 50 rows failed or are in doubt, most with user_not_found"},
		{"rejected rows are none of the canary", percent, Tally{OK: 41, Failed: 9, Rejected: 100}, ""},
		{"a number above all its rows", count, Tally{Failed: 50}, "canary: 50 of 50 rows failed, most with user_not_found"},
		{"a number, and few failures", count, Tally{OK: 41, Failed: 9}, ""},
		{"a number below the share", Threshold{Count: 3}, Tally{OK: 47, Failed: 3}, "canary: 3 of 50 rows failed, most with user_not_found"},
		{"a tiny share, and no failure", Threshold{Percent: 0.1}, Tally{OK: 50}, ""},
		{"no threshold", Threshold{}, Tally{Failed: 50}, ""},
	} {
		j := Job{Options: Options{MaxFailures: c.limit}, Tally: c.rows}
		j.Stats.Causes = map[string]Cause{"no_answer": {Count: 2}, "user_not_found": {Count: 8}}
		if got := j.JudgeCanary(); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestCanaryProgress(t *testing.T) {
	j := Job{State: Running, Options: Options{Canary: Canary{Rows: 50, Wait: time.Minute}}, Tally: Tally{Read: 900, OK: 30, Failed: 8, Rejected: 5}}
	if got, want := j.CanaryProgress(), "canary: 38 of 50 rows"; got != want {
		t.Errorf("running: got %q, want %q", got, want)
	}
	j.CanaryFinished = time.Date(2026, 11, 22, 14, 1, 0, 0, time.Local)
	if got, want := j.CanaryProgress(), "canary: 38 of 50 rows, waiting until 14:02:00"; got != want {
		t.Errorf("finished: got %q, want %q", got, want)
	}
	j.CanaryOver = true
	if got := j.CanaryProgress(); got != "" {
		t.Errorf("over: got %q, want nothing", got)
	}
}

func TestCanaryBatches(t *testing.T) {
	for _, c := range []struct {
		rows, size int
		want       int64
	}{{0, 100, 0}, {50, 100, 1}, {100, 100, 1}, {101, 100, 2}, {50, 1, 50}} {
		if got := (Canary{Rows: c.rows}).Batches(c.size); got != c.want {
			t.Errorf("%d rows in batches of %d: got %d, want %d", c.rows, c.size, got, c.want)
		}
	}
}
