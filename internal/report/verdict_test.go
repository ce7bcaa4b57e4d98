package report

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/jobs"
)

// I1: the first line says whether the rows add up, and how many are done.
func TestVerdictI1(t *testing.T) {
	all := jobs.Tally{Read: 1200, OK: 1190, Noop: 10}
	some := jobs.Tally{Read: 1200, OK: 1000, Failed: 100, Rejected: 50, InDoubt: 20, Unprocessed: 30}
	for name, c := range map[string]struct {
		state jobs.State
		tally jobs.Tally
		want  verdict
	}{
		"all done":     {jobs.Finished, all, verdict{"Finished: 1,200 of 1,200 rows done", "good", ""}},
		"empty":        {jobs.Finished, jobs.Tally{}, verdict{"Finished: no rows read", "open", ""}},
		"not ended":    {jobs.Running, all, verdict{"Running: 1,200 of 1,200 rows done", "open", ""}},
		"rows missing": {jobs.Finished, jobs.Tally{Read: 9, OK: 8}, verdict{"The rows do not add up", "alarm", ""}},
		"some done": {jobs.Paused, some, verdict{
			"Paused: 1,000 of 1,200 rows done", "open", "Not done: 100 failed, 50 rejected, 20 in_doubt, 30 unprocessed.",
		}},
	} {
		got := verdictOn(Summarize(testJob(c.state, c.tally)))
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// Rows that are done are no links that work: the first line and the steps say how many are pending.
func TestVerdictOfPendingLinks(t *testing.T) {
	for name, c := range map[string]struct {
		state         jobs.State
		tally         jobs.Tally
		links         jobs.Links
		simulated     bool
		origin        jobs.Origin
		title, tone   string
		left, command bool
	}{
		"all pending":   {jobs.Finished, jobs.Tally{Read: 5, OK: 5}, jobs.Links{Pending: 5}, false, jobs.Origin{}, "Finished: 0 of 5 links active, 5 pending; 5 of 5 rows done", "open", true, true},
		"one pending":   {jobs.Finished, jobs.Tally{Read: 5, OK: 5}, jobs.Links{Pending: 1, Active: 4}, false, jobs.Origin{}, "Finished: 4 of 5 links active, 1 pending; 5 of 5 rows done", "open", true, true},
		"all active":    {jobs.Finished, jobs.Tally{Read: 5, OK: 5}, jobs.Links{Active: 5}, false, jobs.Origin{}, "Finished: 5 of 5 links active; 5 of 5 rows done", "good", false, false},
		"running":       {jobs.Running, jobs.Tally{Read: 5, OK: 2, Unprocessed: 3}, jobs.Links{Pending: 2}, false, jobs.Origin{}, "Running: 0 of 2 links active, 2 pending; 2 of 5 rows done", "open", true, true},
		"simulated":     {jobs.Finished, jobs.Tally{Read: 5, OK: 5}, jobs.Links{Pending: 5}, true, jobs.Origin{}, "Finished: 0 of 5 links active, 5 pending; 5 of 5 rows done", "open", true, false},
		"of a runbook":  {jobs.Finished, jobs.Tally{Read: 5, OK: 5}, jobs.Links{Pending: 5}, false, jobs.Origin{Run: "20261122-153012-k3f9"}, "Finished: 0 of 5 links active, 5 pending; 5 of 5 rows done", "open", true, false},
		"some lost":     {jobs.Finished, jobs.Tally{Read: 5, OK: 5}, jobs.Links{Active: 1, Failed: 1, Cancelled: 1, Taken: 1, Merged: 1}, false, jobs.Origin{}, "Finished: 1 of 5 links active, 1 failed, 1 cancelled, 1 taken, 1 merged; 5 of 5 rows done", "open", false, false},
		"do not add up": {jobs.Finished, jobs.Tally{Read: 9, OK: 5}, jobs.Links{Pending: 5}, false, jobs.Origin{}, "The rows do not add up", "alarm", true, true},
	} {
		job := testJob(c.state, c.tally)
		job.Options.Simulated, job.Options.Origin = c.simulated, c.origin
		s := Summarize(job)
		s.Links = c.links
		if v := verdictOn(s); v.Title != c.title || v.Tone != c.tone {
			t.Errorf("%s: got %q in %s, want %q in %s", name, v.Title, v.Tone, c.title, c.tone)
		}
		var found step
		for _, st := range steps(s, job) {
			if st.Kind == jobs.Kind(jobs.LinkPending) {
				found = st
			}
		}
		if (found.Count > 0) != c.left || (found.Command != "") != c.command || c.left && !strings.Contains(found.Text, "verify.csv") {
			t.Errorf("%s: got step %+v", name, found)
		}
	}
}

func TestStepsSayWhatIsLeft(t *testing.T) {
	kindsOf := func(all []step) (names []jobs.Kind) {
		for _, st := range all {
			names = append(names, st.Kind)
		}
		return names
	}
	job := testJob(jobs.Finished, jobs.Tally{Read: 9, OK: 3, Noop: 1, Failed: 2, Rejected: 1, InDoubt: 1, Unprocessed: 1})
	want := []jobs.Kind{jobs.InDoubt, jobs.Failed, jobs.Rejected, jobs.Unprocessed}
	if diff := cmp.Diff(want, kindsOf(steps(Summarize(job), job))); diff != "" {
		t.Errorf("kinds (-want +got):\n%s", diff)
	}
	if got := steps(Summarize(testJob(jobs.Finished, jobs.Tally{Read: 1, OK: 1})), job); len(got) > 0 {
		t.Errorf("a job that is done leaves %v", got)
	}
}

// Rows without an outcome need another word in each state.
func TestStepOfWaitingRows(t *testing.T) {
	for name, c := range map[string]struct {
		state         jobs.State
		pause         jobs.PauseKind
		text, command string
	}{
		"paused":         {jobs.Paused, jobs.PauseRefused, "let it go on", "sunbulk resume 20261122-153012-k3f9"},
		"outside window": {jobs.Paused, jobs.PauseWindow, "goes on by itself", ""},
		"running":        {jobs.Running, "", "was still at them", "sunbulk report 20261122-153012-k3f9"},
		"cancelled":      {jobs.Cancelled, "", "unprocessed.csv", ""},
	} {
		job := testJob(c.state, jobs.Tally{Read: 5, Unprocessed: 5})
		job.Pause, job.Options.Schedule = c.pause, jobs.Schedule{Window: "22:00-06:00", Timezone: "Europe/Madrid"}
		got := waiting(Summarize(job), job)
		if !strings.Contains(got.Text, c.text) || got.Command != c.command {
			t.Errorf("%s: got %q and command %q, want %q and %q", name, got.Text, got.Command, c.text, c.command)
		}
	}
}
