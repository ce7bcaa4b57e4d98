package report

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/jobs"
)

// I2: what an earlier row has done is in no file that is offered as input, and marked where it is.
func TestDuplicatesHaveAFileOfTheirOwn(t *testing.T) {
	rejection := func(row int64, duplicate bool, names, values []string) jobs.Rejection {
		return jobs.Rejection{Number: row, Line: row + 1, Cause: "cause", Names: names, Values: values, Duplicate: duplicate}
	}
	for name, test := range map[string]struct {
		rejections           []jobs.Rejection
		rejected, duplicates []string // users
	}{
		"both": {[]jobs.Rejection{
			rejection(1, true, []string{"user", "phoneNumber"}, []string{"u1", "1"}), rejection(2, false, []string{"user", "phoneNumber"}, []string{"u2", ""}),
		}, []string{"u2"}, []string{"u1"}},
		"duplicates alone":       {[]jobs.Rejection{rejection(1, true, []string{"user"}, []string{"u1"}), rejection(2, true, []string{"user"}, []string{"u2"})}, nil, []string{"u1", "u2"}},
		"of a file with a mark":  {[]jobs.Rejection{rejection(1, true, []string{"user", "Rerun"}, []string{"u1", ""})}, nil, []string{"u1"}},
		"a mark that is refused": {[]jobs.Rejection{rejection(1, false, []string{"user", "rerun"}, []string{"u1", "look_first"})}, []string{"u1"}, nil},
	} {
		dir := t.TempDir()
		src := memorySource{chunks: []jobs.Chunk{{Batch: -1, Rejections: test.rejections}}}
		n := int64(len(test.rejections))
		s, err := writeTo(t.Context(), dir, testJob(jobs.Finished, src.tallyOf(n)), src)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Duplicates; got != int64(len(test.duplicates)) {
			t.Errorf("%s: summary: got %d duplicates, want %d", name, got, len(test.duplicates))
		}
		for file, want := range map[string][]string{"rejected.csv": test.rejected, "duplicates.csv": test.duplicates} {
			_, lines := readSheet(t, dir, file)
			var got []string
			for _, line := range lines {
				got = append(got, line["user"])
				mark := line["rerun"] + line["Rerun"]
				if file == "duplicates.csv" && mark != "duplicate" {
					t.Errorf("%s: row of %s: got mark %q, want duplicate", name, line["user"], mark)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: %s (-want +got):\n%s", name, file, diff)
			}
		}
	}
}

// Creates in doubt, and those that the job may still run, are marked; those that it never will are not.
func TestRowsAreMarkedWhileTheyMayBeDone(t *testing.T) {
	for state, want := range map[jobs.State]string{jobs.Running: "job_not_ended", jobs.Paused: "job_not_ended", jobs.Enqueuing: "job_not_ended", jobs.Cancelled: ""} {
		dir := t.TempDir()
		remove := jobs.Row{Number: 3, Op: jobs.Remove, User: "u3", ClientID: "c3"}
		src := memorySource{chunks: []jobs.Chunk{{Outcomes: []jobs.Outcome{outcomeOf(createRow(1), jobs.InDoubt)}}}, rows: []jobs.Row{createRow(2), remove}}
		if _, err := writeTo(t.Context(), dir, testJob(state, src.tallyOf(3)), src); err != nil {
			t.Fatal(err)
		}
		_, lines := readSheet(t, dir, "unprocessed.csv")
		if got := []string{lines[0]["rerun"], lines[1]["rerun"]}; got[0] != want || got[1] != "" {
			t.Errorf("%s: unprocessed.csv: got marks %q, want %q of the create alone", state, got, want)
		}
		_, lines = readSheet(t, dir, "in_doubt.csv")
		if got := lines[0]["rerun"]; got != "look_first" {
			t.Errorf("%s: in_doubt.csv: got mark %q, want look_first", state, got)
		}
	}
}

// A job that was cancelled while calls were under way, or whose worker died in them, does not know whether they arrived.
func TestRowsThatWereSentAreMarkedWhenTheirJobHasEnded(t *testing.T) {
	sent, waits := createRow(1), createRow(2)
	sent.Sent = true
	remove := jobs.Row{Number: 3, Op: jobs.Remove, User: "u3", ClientID: "c3", Sent: true}
	src := memorySource{rows: []jobs.Row{sent, waits, remove}}
	dir := t.TempDir()
	if _, err := writeTo(t.Context(), dir, testJob(jobs.Cancelled, src.tallyOf(3)), src); err != nil {
		t.Fatal(err)
	}
	_, lines := readSheet(t, dir, "unprocessed.csv")
	var got []string
	for _, line := range lines {
		got = append(got, line["cause"]+"/"+line["rerun"])
	}
	if diff := cmp.Diff([]string{"may_have_arrived/look_first", "/", "may_have_arrived/"}, got); diff != "" {
		t.Errorf("cause/rerun (-want +got):\n%s", diff)
	}
}
