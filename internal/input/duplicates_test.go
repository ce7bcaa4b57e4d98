package input

import (
	"testing"

	"github.com/sunbulk/sunbulk/jobs"
)

// Which rows are known is the same in every process: an input that is read again is cut into the same
// batches (I9).
func TestI9RowsHashTheSameEverywhere(t *testing.T) {
	d := newDuplicates()
	got := d.hash(&jobs.Row{Number: 7, Line: 8, Op: jobs.Remove, User: "user-1", ClientID: "client-1"})
	if want := uint64(0x7b21ae5c4ab51e4e); got != want {
		t.Errorf("got %#x, want %#x", got, want)
	}
}

func TestRowsThatDifferInOneFieldAreNotTheSame(t *testing.T) {
	d := newDuplicates()
	for i, r := range []jobs.Row{
		{Op: jobs.List, User: "ab"}, {Op: jobs.List, User: "a", BrandID: "b"}, {Op: jobs.List, User: "a", Type: "b"},
		{Op: jobs.List, BrandID: "ab"}, {Op: jobs.Remove, User: "ab"}, {Op: jobs.Remove, User: "ab", ClientID: "c"},
	} {
		if d.add(&r) {
			t.Errorf("row %d is known before it came", i)
		}
		r.Number, r.Line = 9, 9
		if !d.add(&r) {
			t.Errorf("row %d is not known after it came", i)
		}
	}
}
