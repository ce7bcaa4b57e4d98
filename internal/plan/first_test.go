package plan

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/jobs"
)

// The first rows are kept as they would be sent, and all are passed on.
func TestWatchKeepsTheFirstRows(t *testing.T) {
	list := jobs.Row{Number: 1, Line: 2, Op: jobs.List, User: "a", BrandID: "b"}
	given := func(yield func(jobs.Row, *jobs.Rejection) bool) {
		_ = yield(list, nil) && yield(jobs.Row{Number: 2, Line: 3, User: "x"}, &jobs.Rejection{Filtered: true}) &&
			yield(jobs.Row{}, &jobs.Rejection{Number: 3, Line: 4, Column: "user", Cause: "is empty", Values: []string{"secret"}}) && yield(jobs.Row{Number: 4}, nil)
	}
	var got []First
	n := 0
	for range Watch(given, 3, &got) {
		n++
	}
	want := []First{
		{Row: 1, Line: 2, Op: jobs.List, Values: map[string]string{"user": "a", "brandId": "b"}}, {Row: 2, Line: 3, Filtered: true}, {Row: 3, Line: 4, Rejected: "user is empty"},
	}
	if diff := cmp.Diff(want, got); diff != "" || n != 4 {
		t.Errorf("%d rows (-want +got):\n%s", n, diff)
	}
	for range Watch(given, 0, &got) {
		break
	}
	if len(got) != 3 {
		t.Errorf("got %d rows, want none more", len(got))
	}
}
