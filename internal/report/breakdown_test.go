package report

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/jobs"
)

func TestBreakdown(t *testing.T) {
	var b breakdown
	note := func(r *record) {
		t.Helper()
		if err := b.note(r); err != nil {
			t.Fatal(err)
		}
	}
	create := func(n int64, kind jobs.Kind) *record { return &record{Outcome: outcomeOf(createRow(n), kind)} }
	reject := func(n int64, cause, code string) *record {
		return &record{Outcome: jobs.Outcome{Row: jobs.Row{Number: n, Line: n + 1}, Kind: jobs.Rejected, Error: cause, ErrorCode: code}}
	}
	note(create(1, jobs.OK))
	note(create(2, jobs.Failed))
	note(create(3, jobs.Noop))
	note(create(4, jobs.InDoubt))
	note(create(5, jobs.Unprocessed))
	note(reject(6, "user: is empty", ""))
	note(reject(7, "phone: has no + and country code", ""))
	note(reject(8, "phone: has no + and country code", ""))
	note(reject(9, "an earlier row", string(jobs.RerunDuplicate)))
	wantWorks := []work{{jobs.Create, jobs.Tally{Read: 5, OK: 1, Noop: 1, Failed: 1, InDoubt: 1, Unprocessed: 1}}}
	if diff := cmp.Diff(wantWorks, b.works); diff != "" {
		t.Errorf("works (-want +got):\n%s", diff)
	}
	whys, others := b.whys()
	if diff := cmp.Diff([]rejection{{"phone: has no + and country code", 2, 7, 8}, {"user: is empty", 1, 6, 7}}, whys); diff != "" || others != 0 {
		t.Errorf("causes, and %d others (-want +got):\n%s", others, diff)
	}
	if len(b.failed) != 2 || b.failed[0].Row.Number != 2 || b.failed[1].Row.Number != 4 || b.failed[0].Row.User != "" {
		t.Errorf("failed: got %+v", b.failed)
	}
}

// I6: what is kept does not grow with the rows; what is not kept apart is counted.
func TestI6BreakdownIsBounded(t *testing.T) {
	var b breakdown
	const n = 1000
	for i := range int64(n) {
		row := jobs.Row{Number: i + 1, Op: jobs.Create}
		for _, kind := range []jobs.Kind{jobs.Failed, jobs.Rejected} {
			if err := b.note(&record{Outcome: jobs.Outcome{Row: row, Kind: kind, Error: fmt.Sprint("cause ", i)}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	whys, others := b.whys()
	if len(b.works) != 1 || len(whys) != pageCauses || others != n-pageCauses || len(b.rejections) != mostWhys || len(b.failed) != mostFailed {
		t.Errorf("got %d works, %d causes and %d others, %d kept, %d failed", len(b.works), len(whys), others, len(b.rejections), len(b.failed))
	}
}
