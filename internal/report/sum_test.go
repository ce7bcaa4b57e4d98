package report

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/jobs"
)

func outcomes(kind jobs.Kind, rows ...int64) jobs.Chunk {
	var k jobs.Chunk
	for _, n := range rows {
		k.Outcomes = append(k.Outcomes, outcomeOf(createRow(n), kind))
	}
	return k
}

// I1, I3: what breaks them is said, after all files are written.
func TestWriteI1I3SaysWhatDoesNotAddUp(t *testing.T) {
	tests := map[string]struct {
		state  jobs.State
		tally  jobs.Tally
		open   bool // rows are still being added
		chunks []jobs.Chunk
		rows   []jobs.Row
		want   string // of Summary.Mismatch
	}{
		"finished": {
			state: jobs.Finished, tally: jobs.Tally{Read: 2, OK: 1, Failed: 1},
			chunks: []jobs.Chunk{outcomes(jobs.OK, 2), outcomes(jobs.Failed, 1)},
		},
		"running, ahead of the count": {
			state: jobs.Running, tally: jobs.Tally{Read: 2, Unprocessed: 2},
			chunks: []jobs.Chunk{outcomes(jobs.OK, 2)},
		},
		"an outcome was lost": {
			state: jobs.Finished, tally: jobs.Tally{Read: 2, OK: 2},
			chunks: []jobs.Chunk{outcomes(jobs.OK, 2)},
			want:   "the job counts 2 ok, the report 1; the job counts 0 unprocessed, the report 1",
		},
		"of another kind": {
			state: jobs.Cancelled, tally: jobs.Tally{Read: 1, Noop: 1},
			chunks: []jobs.Chunk{outcomes(jobs.InDoubt, 1)},
			want:   "the job counts 1 noop, the report 0; the job counts 0 in_doubt, the report 1",
		},
		"two outcomes": {
			state: jobs.Running, tally: jobs.Tally{Read: 3, OK: 2, Unprocessed: 1},
			chunks: []jobs.Chunk{outcomes(jobs.OK, 2, 1), outcomes(jobs.Failed, 2, 1)},
			want:   "row 2 has two outcomes, and so for 1 more",
		},
		"beyond the rows read": {
			state: jobs.Running, tally: jobs.Tally{Read: 1, Unprocessed: 1},
			chunks: []jobs.Chunk{outcomes(jobs.OK, 1, 2)},
			want:   "row 2 is none of the 1 row read",
		},
		"queued beyond the rows read": {
			state: jobs.Running, tally: jobs.Tally{Read: 1, Unprocessed: 1},
			rows: []jobs.Row{createRow(1), createRow(2)},
			want: "row 2 is none of the 1 row read",
		},
		"beyond, while rows are added": {
			state: jobs.Enqueuing, open: true, tally: jobs.Tally{Read: 1, Unprocessed: 1},
			chunks: []jobs.Chunk{outcomes(jobs.OK, 1, 2)},
			rows:   []jobs.Row{createRow(3)},
		},
		"row 0": {
			state: jobs.Enqueuing, open: true, tally: jobs.Tally{Read: 1, Unprocessed: 1},
			chunks: []jobs.Chunk{outcomes(jobs.OK, 0)},
			want:   "row 0 is none of the 1 row read",
		},
		"unknown kind": {
			state: jobs.Running, tally: jobs.Tally{Read: 1, Unprocessed: 1},
			chunks: []jobs.Chunk{outcomes("lucky", 1)},
			want:   "row 1 has an outcome of no known kind",
		},
		"the count itself": {
			state: jobs.Running, tally: jobs.Tally{Read: 2, OK: 1},
			chunks: []jobs.Chunk{outcomes(jobs.OK, 1)},
			want:   "the outcomes come to 1 row",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			job := testJob(test.state, test.tally)
			job.Sealed = !test.open
			s, err := writeTo(t.Context(), dir, job, memorySource{chunks: test.chunks, rows: test.rows})
			if got, want := errors.Is(err, ErrSum), test.want != ""; got != want {
				t.Errorf("got error %v, want ErrSum: %t", err, want)
			}
			if diff := cmp.Diff(test.want, s.Mismatch); diff != "" {
				t.Errorf("mismatch (-want +got):\n%s", diff)
			}
			if got, want := s.AddsUp, test.want == ""; got != want || readSummary(t, dir)["addsUp"] != want {
				t.Errorf("got addsUp %t, want %t", got, want)
			}
			if _, lines := readSheet(t, dir, "results.csv"); int64(len(lines)) != test.tally.Read {
				t.Errorf("got %d lines of results, want %d", len(lines), test.tally.Read)
			}
		})
	}
}

// I3: of two outcomes the one that was committed first is the row's.
func TestWriteI3KeepsTheFirstOutcome(t *testing.T) {
	src := memorySource{chunks: []jobs.Chunk{outcomes(jobs.OK, 1), outcomes(jobs.Failed, 1)}}
	dir := t.TempDir()
	s, err := writeTo(t.Context(), dir, testJob(jobs.Finished, src.tallyOf(1)), src)
	if !errors.Is(err, ErrSum) {
		t.Errorf("got error %v, want ErrSum", err)
	}
	_, lines := readSheet(t, dir, "results.csv")
	if got, want := lines[0]["outcome"], "ok"; got != want {
		t.Errorf("got outcome %s, want %s", got, want)
	}
	if diff := cmp.Diff([]string{"report.html", "results.csv", "summary.json", "verify.csv"}, files(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if got, want := s.Rows.OK+s.Rows.Failed, int64(2); got != want {
		t.Errorf("got %d outcomes counted, want %d", got, want)
	}
}

func TestSum(t *testing.T) {
	job := testJob(jobs.Finished, jobs.Tally{Read: 1203944, OK: 1203000, Noop: 3, Failed: 940, Rejected: 0, InDoubt: 1})
	for _, test := range []struct {
		unprocessed int64
		want        string
	}{
		{0, "1,203,944 rows read = 1,203,000 ok + 3 noop + 940 failed + 0 rejected + 1 in_doubt + 0 unprocessed"},
		{-1000, "1,203,944 rows read ≠ 1,203,000 ok + 3 noop + 940 failed + 0 rejected + 1 in_doubt + -1,000 unprocessed (the outcomes come to 1,202,944 rows)"},
	} {
		job.Tally.Unprocessed = test.unprocessed
		if diff := cmp.Diff(test.want, Summarize(job).Sum()); diff != "" {
			t.Errorf("sum (-want +got):\n%s", diff)
		}
	}
}
