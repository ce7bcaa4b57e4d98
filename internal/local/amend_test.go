package local

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/jobs"
)

// I9: a job goes on at another rate, keeps it, and remembers that it was changed.
func TestARunGoesOnWithOtherOptions(t *testing.T) {
	dir := t.TempDir()
	if err := newRun(t, dir).Close(); err != nil {
		t.Fatal(err)
	}
	rate := func(flag string) bool { return flag == "rate" }
	for _, test := range []struct {
		name    string
		asked   float64
		given   func(string) bool
		rate    float64
		changes int
		events  int
	}{
		{"another rate", 5, rate, 5, 1, 1},
		{"the same again", 5, rate, 5, 0, 1},
		{"not said again", 10, func(string) bool { return false }, 5, 0, 1},
		{"a third one", 7, rate, 7, 1, 2},
	} {
		h := head()
		h.Options.Rate, h.Given, h.Who = test.asked, test.given, "ann@host"
		codec := newCodec(t)
		l, got, err := Resume(t.Context(), dir, h, newMemory(t, codec), codec)
		if err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		j := must[jobs.Job](t)(l.Job(t.Context(), job))
		want := []any{test.rate, test.rate, test.changes, test.events}
		if diff := cmp.Diff(want, []any{got.Options.Rate, j.Options.Rate, len(l.Changes()), len(j.Events)}); diff != "" {
			t.Errorf("%s: rate of the head and of the job, changes, events (-want +got):\n%s", test.name, diff)
		}
		if e := j.Events[len(j.Events)-1]; e.What != jobs.EventChange || e.Who != "ann@host" || e.Reason == "" {
			t.Errorf("%s: the last event is %+v", test.name, e)
		}
		l.Close()
	}
}

// A step of a runbook that has finished keeps the options by which it was done.
func TestAFinishedRunKeepsItsOptions(t *testing.T) {
	l := newRun(t, t.TempDir())
	for _, s := range steps() {
		if err := s.do(l); err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
	}
	dir := l.file.Name()[:len(l.file.Name())-len(FileName)]
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	h := head()
	h.Options.Rate = 5
	codec := newCodec(t)
	l, got, err := Resume(t.Context(), dir, h, newMemory(t, codec), codec)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if got.Options.Rate != 10 || l.Changes() != nil {
		t.Errorf("got rate %v and changes %v, want 10 and none", got.Options.Rate, l.Changes())
	}
}
