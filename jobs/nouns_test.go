package jobs

import (
	"slices"
	"testing"
	"time"
)

func TestI1TallyAddsUp(t *testing.T) {
	var tally Tally
	tally.Read = 21
	for i, k := range []Kind{OK, Noop, Failed, Rejected, InDoubt, Unprocessed} {
		tally.Add(k, int64(i+1))
	}
	if !tally.AddsUp() || tally.Clean() || tally.Settled() != 15 {
		t.Errorf("got %+v: adds up %t, clean %t, settled %d; want true, false, 15", tally, tally.AddsUp(), tally.Clean(), tally.Settled())
	}
	tally.Read++
	if tally.AddsUp() {
		t.Error("a tally with a row too few adds up")
	}
	if over := (Tally{Read: 1, OK: 2, Unprocessed: -1}); over.AddsUp() {
		t.Error("a tally with a row too many adds up")
	}
	if clean := (Tally{Read: 3, OK: 2, Noop: 1}); !clean.Clean() {
		t.Error("ok and noop rows are not clean")
	}
}

func TestThreshold(t *testing.T) {
	for _, c := range []struct {
		flag  string
		tally Tally
		want  bool
	}{
		{"20%", Tally{OK: 100, Failed: 99}, false}, // below the sample
		{"20%", Tally{OK: 161, Failed: 39}, false},
		{"20%", Tally{OK: 160, Failed: 40}, true},
		{"100%", Tally{Failed: 1000}, false},
		{"3", Tally{OK: 1000, Failed: 2}, false},
		{"3", Tally{Failed: 3}, true},
		{"0.5%", Tally{OK: 995, Failed: 5}, true},
		{"20%", Tally{OK: 10, Rejected: 1000}, false}, // rejected rows were never called
	} {
		th, err := ParseThreshold(c.flag)
		if err != nil {
			t.Fatal(err)
		}
		if got := th.Exceeded(c.tally) != ""; got != c.want {
			t.Errorf("%s with %+v: got %t, want %t", c.flag, c.tally, got, c.want)
		}
		if got := th.String(); got != c.flag {
			t.Errorf("string: got %s, want %s", got, c.flag)
		}
	}
	for _, bad := range []string{"", "0", "-1", "0%", "101%", "many", "5.5", "NaN%"} {
		if th, err := ParseThreshold(bad); err == nil {
			t.Errorf("%q: got %v, want an error", bad, th)
		}
	}
}

func TestIDsSortByTime(t *testing.T) {
	start := time.Date(2026, 11, 22, 15, 30, 12, 0, time.FixedZone("", 3600))
	var ids []string
	for i := range 5 {
		id := NewID(start.Add(time.Duration(i) * time.Second))
		if err := CheckID(id); err != nil {
			t.Error(err)
		}
		ids = append(ids, id)
	}
	if !slices.IsSorted(ids) {
		t.Errorf("ids are not in order: %v", ids)
	}
	for _, bad := range []string{"", "x", "20261122-153012-K3F9", "20261122-153012-k3f9/..", "{20261122-153012-k3f9}"} {
		if CheckID(bad) == nil {
			t.Errorf("%q passes for a job id", bad)
		}
	}
}

func TestProgress(t *testing.T) {
	p := NewProgress(2)
	for range 100 {
		p.UseAttempt(0)
	}
	p.SetDoubt(0, true)
	if p.Attempts(0) != MaxAttempts || !p.InDoubt(0) || p.Done(0) || p.Attempts(1) != 0 {
		t.Errorf("after a hundred attempts in doubt: %v", p)
	}
	p.SetDoubt(0, false)
	p.Finish(0)
	if p.InDoubt(0) || !p.Done(0) || p.Finished() {
		t.Errorf("after row 0 is done: %v", p)
	}
	p.Finish(1)
	if !p.Finished() {
		t.Errorf("after both are done: %v", p)
	}
}

func TestHistogram(t *testing.T) {
	h := Histogram{}
	if got := h.Quantile(0.5); got != 0 {
		t.Errorf("quantile of nothing: got %s", got)
	}
	for i := 1; i <= 100; i++ {
		h.Add(time.Duration(i) * time.Millisecond)
	}
	h.Add(100 * time.Hour)
	for q, want := range map[float64]time.Duration{0.5: 50 * time.Millisecond, 0.95: 95 * time.Millisecond} {
		if got := h.Quantile(q); got < want || got > want*6/5 {
			t.Errorf("quantile %g: got %s, want %s or up to a fifth more", q, got, want)
		}
	}
}
