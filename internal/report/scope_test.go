package report

import (
	"strings"
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
)

// A canary lies beyond the rows that are read: the report has its rows, those that are read and lost, and
// none of the rows between or of those that were read since.
func TestI1CanaryAheadOfTheReading(t *testing.T) {
	row := func(n int64) jobs.Row { return jobs.Row{Number: n, Line: n + 1, Op: jobs.Create, User: "u"} }
	done := func(n int64) jobs.Outcome {
		return jobs.Outcome{Row: row(n), Kind: jobs.OK, ClientID: "c", Attempts: 1, FinishedAt: time.Unix(1, 0)}
	}
	src := memorySource{
		chunks: []jobs.Chunk{{Outcomes: []jobs.Outcome{done(2), done(90), done(50)}}, {Outcomes: []jobs.Outcome{done(1), done(7)}}},
		rows:   []jobs.Row{row(90), row(3), row(8)}, // 4 is lost, 7 and 8 were read since
	}
	job := jobs.Job{ID: "j", State: jobs.Enqueuing, Through: 4, Options: jobs.Options{Canary: jobs.Canary{Rows: 3}}, Tally: jobs.Tally{Read: 6, OK: 4, Unprocessed: 2}}
	dir := t.TempDir()
	s, err := writeTo(t.Context(), dir, job, src)
	if err != nil {
		t.Fatal(err)
	}
	if want := (jobs.Tally{Read: 6, OK: 4, Unprocessed: 2}); s.Rows != want || !s.AddsUp {
		t.Errorf("rows: got %+v, adds up %t; want %+v", s.Rows, s.AddsUp, want)
	}
	var got []string
	_, lines := readSheet(t, dir, "results.csv")
	for _, line := range lines {
		got = append(got, line["row"]+" "+line["outcome"])
	}
	if got, want := strings.Join(got, ", "), "1 ok, 2 ok, 3 unprocessed, 4 unprocessed, 50 ok, 90 ok"; got != want {
		t.Errorf("lines: got %s, want %s", got, want)
	}
	undo, err := undoTo(t.Context(), dir, job, src)
	if err != nil || undo.Possible != 4 {
		t.Errorf("undo: got %+v, %v; want 4 rows", undo, err)
	}
}
