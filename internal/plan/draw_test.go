package plan

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/jobs"
)

// The rows drawn are the same every time, come from all over the input, and leave no operation out.
func TestDraw(t *testing.T) {
	var given []jobs.Row
	for i := range 10_000 {
		given = append(given, jobs.Row{Op: jobs.List, User: fmt.Sprint("u", i)})
	}
	given[5000] = jobs.Row{Op: jobs.Remove, User: "v", ClientID: "c"}
	got := Make(rows(given, nil), jobs.Options{}).Drawn
	if diff := cmp.Diff(got, Make(rows(given, nil), jobs.Options{}).Drawn); diff != "" {
		t.Errorf("the second time (-first +second):\n%s", diff)
	}
	if len(got) != drawn {
		t.Errorf("got %d rows, want %d", len(got), drawn)
	}
	if !slices.ContainsFunc(got, func(r jobs.Row) bool { return r.Number == 5001 }) {
		t.Errorf("got rows %v, want the one remove among them", got)
	}
	thirds := map[int64]int{}
	for _, r := range got {
		thirds[r.Number*3/10_001]++
	}
	if len(thirds) != 3 {
		t.Errorf("got %v by third of the input, want some of each", thirds)
	}
}

func TestDrawOfFewRows(t *testing.T) {
	given := []jobs.Row{create("u1", "i1", "+1212"), remove("u1", "c1"), {Op: jobs.List, User: "u1"}}
	given[0].Message = "{}"
	want := slices.Clone(given)
	want[0].Message = ""
	for i := range want {
		want[i].Number = int64(i + 1)
	}
	if diff := cmp.Diff(want, Make(rows(given, nil), jobs.Options{}).Drawn); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}
