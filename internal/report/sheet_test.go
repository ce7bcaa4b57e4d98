package report

import (
	"encoding/csv"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/jobs"
)

// Columns of several headers stand side by side in order of first sight, twins apart.
func TestRejectedHeadings(t *testing.T) {
	rejection := func(n int64, names, values []string) jobs.Rejection {
		return jobs.Rejection{Number: n, Line: n + 1, Column: "user", Cause: "is empty", Names: names, Values: values}
	}
	src := memorySource{chunks: []jobs.Chunk{{Rejections: []jobs.Rejection{
		rejection(1, []string{"user", "", ""}, []string{"", "a", "b"}),
		rejection(2, []string{"Line", "error", "phone", "user"}, []string{"9", "old", "+1", "x"}),
		rejection(3, []string{"user"}, []string{"y", "one too many"}),
		rejection(4, nil, []string{`{"user":""}`}),
		rejection(5, []string{"=cmd"}, []string{"=cmd"}),
	}}}}
	dir := t.TempDir()
	if _, err := writeTo(t.Context(), dir, testJob(jobs.Finished, src.tallyOf(5)), src); err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{"line", "error", "user", "", "", "phone", "record", "'=cmd", "rerunOf"},
		{"2", "user: is empty", "", "a", "b", "", "", "", "20261122-153012-k3f9:1"},
		{"3", "user: is empty", "x", "", "", "+1", "", "", "20261122-153012-k3f9:2"},
		{"4", "user: is empty", "y", "", "", "", "one too many", "", "20261122-153012-k3f9:3"},
		{"5", "user: is empty", "", "", "", "", `{"user":""}`, "", "20261122-153012-k3f9:4"},
		{"6", "user: is empty", "", "", "", "", "", "'=cmd", "20261122-153012-k3f9:5"},
	}
	got, err := csv.NewReader(strings.NewReader(content(t, dir, "rejected.csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rejected.csv (-want +got):\n%s", diff)
	}
}

// I6: headers that all differ do not make an endless one.
func TestHeadingsI6AreBounded(t *testing.T) {
	var h headings
	for i := range 3 * maxHeadings {
		places := h.places([]string{fmt.Sprintf("column %d", i)}, 1)
		if want := i; i < maxHeadings && places[0] != want || i >= maxHeadings && places[0] != -1 {
			t.Fatalf("column %d: got place %d", i, places[0])
		}
	}
	if got := len(h.names); got != maxHeadings {
		t.Errorf("got %d headings, want %d", got, maxHeadings)
	}
}
