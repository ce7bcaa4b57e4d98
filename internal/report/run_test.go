package report

import (
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/jobs"
)

// endsOf gives ends, and an error after them if there is one.
func endsOf(err error, ends ...End) iter.Seq2[End, error] { return sequence(ends, err) }

// end is that of a row which came through the step, or why not.
func end(row int64, step, cause string) End {
	e := End{Row: row, Line: row + 1, User: fmt.Sprintf("user-%d", row), Step: step, Op: jobs.Remove, Kind: jobs.OK, ClientID: fmt.Sprintf("c%d", row), Cause: cause}
	if cause != "" {
		e.Kind, e.Code = jobs.Failed, "code"
	}
	return e
}

// Ends come in any order, several of one row, and stand in row order; those of one row as they came.
func TestWriteRunI1EveryRowInOrder(t *testing.T) {
	dir := t.TempDir()
	s, err := runTo(t.Context(), dir, RunSummary{Run: "r", Rows: 3}, endsOf(nil, end(3, "unlink", ""), end(2, "unlink", ""), end(1, "find", "gone"), end(2, "find", "no number")))
	if err != nil || s.Missing != 0 || s.Through != 2 {
		t.Errorf("got %d missing, %d through, %v; want 0, 2", s.Missing, s.Through, err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "rows.csv"))
	if err != nil {
		t.Fatal(err)
	}
	want := `row,line,user,step,op,outcome,clientId,errorCode,error
1,2,user-1,find,remove,failed,c1,code,gone
2,3,user-2,unlink,remove,ok,c2,,
2,3,user-2,find,remove,failed,c2,code,no number
3,4,user-3,unlink,remove,ok,c3,,
`
	if diff := cmp.Diff(want, string(data)); diff != "" {
		t.Errorf("rows.csv (-want +got):\n%s", diff)
	}
}

// Rows of which nothing is known are in the report, and the report says that it does not add up.
func TestWriteRunI1TellsMissingRows(t *testing.T) {
	dir := t.TempDir()
	s, err := runTo(t.Context(), dir, RunSummary{Rows: 3}, endsOf(nil, end(2, "unlink", "")))
	if !errors.Is(err, ErrSum) || s.Missing != 2 || s.Through != 1 {
		t.Errorf("got %v with %d missing and %d through, want ErrSum with 2 and 1", err, s.Missing, s.Through)
	}
	_, lines := readSheet(t, dir, "rows.csv")
	if len(lines) != 3 || lines[0]["outcome"] != "unprocessed" || lines[2]["error"] != "nothing is known of it" {
		t.Errorf("got lines %v", lines)
	}
	if diff := cmp.Diff([]string{"report.html", "rows.csv", "run.json"}, files(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestWriteRunErrorsLeaveNothingBehind(t *testing.T) {
	for name, c := range map[string]struct {
		ends iter.Seq2[End, error]
		want error
	}{
		"a row beyond the input": {endsOf(nil, end(4, "unlink", "")), ErrSum},
		"a row before the first": {endsOf(nil, end(0, "unlink", "")), ErrSum},
		"ends that break off":    {endsOf(errors.ErrUnsupported, end(1, "unlink", "")), errors.ErrUnsupported},
	} {
		dir := t.TempDir()
		if _, err := runTo(t.Context(), dir, RunSummary{Rows: 3}, c.ends); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
		if got := files(t, dir); len(got) > 0 {
			t.Errorf("%s: got files %v, want none", name, got)
		}
	}
}

func TestWriteRunDefusesFormulas(t *testing.T) {
	dir := t.TempDir()
	e := end(1, "find", "=cmd()")
	e.User, e.ClientID = "@user", "+12125550101"
	if _, err := runTo(t.Context(), dir, RunSummary{Rows: 1}, endsOf(nil, e)); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "rows.csv"))
	if want := "1,2,'@user,find,remove,failed,+12125550101,code,'=cmd()\n"; err != nil || !strings.HasSuffix(string(data), want) {
		t.Errorf("got %q, %v; want a last line of %q", data, err, want)
	}
}

// I6: 100,000 rows, some with two ends, take no more memory than ten thousand. They come as a run's do: step by step, the last
// one first, in the order of commits.
func TestWriteRunI6FlatMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 100,000 rows")
	}
	got := heapGrowth(t, 100_000, func(src streamSource) error {
		_, err := runTo(t.Context(), t.TempDir(), RunSummary{Rows: src.rows}, func(yield func(End, error) bool) {
			for _, part := range []int64{0, 1, 2} {
				for row := int64(1); row <= src.rows; row++ {
					if of := (row / 100 * 7919) % 10; (of < 8) == (part == 0) && !yield(end(row, "step", "why"), nil) {
						return
					}
					src.glance(row)
				}
			}
		})
		return err
	})
	if most := int64(512 << 10); got > most {
		t.Errorf("the heap grew by %d bytes, want at most %d", got, most)
	}
}

// The page of a run links to the reports of the steps that were begun, counts where rows stopped, and keeps foreign text as text.
func TestRunPage(t *testing.T) {
	dir := t.TempDir()
	person, hostile := end(2, "find", "+12125550101 is no number"), end(3, "find", "no")
	hostile.Code = "<script>alert(1)</script>"
	s := RunSummary{Run: "r", Runbook: "move", State: jobs.Finished, Rows: 3, Steps: []RunStep{{Name: "find", Op: jobs.List, State: jobs.Finished}, {Name: "unlink", Op: jobs.Remove}}}
	if _, err := runTo(t.Context(), dir, s, endsOf(nil, end(1, "unlink", ""), person, hostile)); err != nil {
		t.Fatal(err)
	}
	page := content(t, dir, "report.html")
	for _, want := range []string{"1 of 3 rows came through all steps", `<a href="1-find/report.html">`, "<bdi>code</bdi>", "&lt;script&gt;", "not begun"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not in the page", want)
		}
	}
	for _, unwanted := range []string{"user-2", "+12125550101", "<script", "2-unlink/report.html"} {
		if strings.Contains(page, unwanted) {
			t.Errorf("%q is in the page", unwanted)
		}
	}
}
