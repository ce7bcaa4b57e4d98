package report

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/jobs"
)

// undoSource has a row of each kind that can be undone, cannot, or has done nothing, out of order.
func undoSource() memorySource {
	done := func(n int64, op jobs.Op, kind jobs.Kind, client string) jobs.Outcome {
		o := outcomeOf(createRow(n), kind)
		o.Row.Op, o.ClientID = op, client
		return o
	}
	adopted := done(2, jobs.Create, jobs.OK, "client-2")
	adopted.Detail, adopted.Row.User, adopted.Row.BrandID = "adopted", "=user-2", "brand-1"
	removed := done(6, jobs.Remove, jobs.OK, "")
	removed.Row.ClientID = "client-6"
	silent := done(9, jobs.Remove, jobs.Failed, "")
	silent.HTTPStatus, silent.ErrorCode, silent.Row.ClientID = 0, "no_answer", "client-9"
	trouble := done(10, jobs.Remove, jobs.Failed, "")
	trouble.HTTPStatus, trouble.ErrorCode, trouble.Row.ClientID = 503, "http_503", "client-10"
	return memorySource{chunks: []jobs.Chunk{
		{Outcomes: []jobs.Outcome{removed, done(1, jobs.Create, jobs.OK, "client-1"), silent}},
		{Rejections: []jobs.Rejection{{Number: 12, Cause: "is wrong"}}},
		{Outcomes: []jobs.Outcome{
			done(3, jobs.Create, jobs.Noop, "client-3"), done(4, jobs.Create, jobs.Failed, ""), done(5, jobs.Create, jobs.InDoubt, ""),
			done(7, jobs.Remove, jobs.Noop, ""), done(8, jobs.Remove, jobs.Failed, ""), trouble, done(11, jobs.List, jobs.OK, ""),
			done(13, jobs.Create, jobs.OK, ""), adopted, done(14, jobs.Create, jobs.OK, "client-14"),
			done(1, jobs.Create, jobs.OK, "client-other"), done(0, jobs.Create, jobs.OK, "client-0"), done(15, jobs.Create, jobs.OK, "client-15"),
		}},
	}}
}

func TestUndoGolden(t *testing.T) {
	want := filepath.Join("testdata", "undo")
	dir := t.TempDir()
	got, err := undoTo(t.Context(), dir, testJob(jobs.Finished, jobs.Tally{Read: 14}), undoSource())
	if err != nil {
		t.Fatal(err)
	}
	if want := (Undo{Possible: 3, Impossible: 5}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if *update {
		rewrite(t, want, dir)
	}
	if diff := cmp.Diff([]string{"undo.csv", "undo_not_possible.csv"}, files(t, dir)); diff != "" {
		t.Fatalf("files (-want +got):\n%s", diff)
	}
	for _, file := range files(t, want) {
		if diff := cmp.Diff(content(t, want, file), content(t, dir, file)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
	}
}

// Every line of undo.csv is a valid row that removes what the job made.
func TestUndoIsInput(t *testing.T) {
	dir := t.TempDir()
	if _, err := undoTo(t.Context(), dir, testJob(jobs.Finished, jobs.Tally{Read: 14}), undoSource()); err != nil {
		t.Fatal(err)
	}
	_, lines := readSheet(t, dir, "undo.csv")
	var got []jobs.Row
	for _, line := range lines {
		o, err := jobs.FindOperation(line["op"])
		if err != nil {
			t.Fatal(err)
		}
		row := jobs.Row{Op: o.Name, User: line["user"], BrandID: line["brandId"], ClientID: line["clientId"]}
		if err := o.CheckRow(&row); err != nil {
			t.Errorf("row %s: %v", line["row"], err)
		}
		got = append(got, row)
	}
	want := []jobs.Row{
		{Op: jobs.Remove, User: "user-14", ClientID: "client-14"},
		{Op: jobs.Remove, User: "=user-2", BrandID: "brand-1", ClientID: "client-2"},
		{Op: jobs.Remove, User: "user-1", ClientID: "client-1"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestUndoErrorsLeaveNothingBehind(t *testing.T) {
	broken := errors.New("connection lost")
	src := undoSource()
	src.chunksErr = broken
	dir := t.TempDir()
	if _, err := undoTo(t.Context(), dir, testJob(jobs.Running, jobs.Tally{Read: 14}), src); !errors.Is(err, broken) {
		t.Errorf("got error %v, want %v", err, broken)
	}
	if got := files(t, dir); len(got) > 0 {
		t.Errorf("got files %v, want none", got)
	}
}
