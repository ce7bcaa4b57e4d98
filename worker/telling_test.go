package worker

import (
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
)

// However often a row is answered 429, what is kept of it stays small, and counts the rest.
func TestI6ManyCallsOfARowAreCountedNotKept(t *testing.T) {
	const calls = 10_000
	row := &try{run: &run{rec: newRecorder(nil, ledger.Delivery{})}, row: &jobs.Row{Number: 1, Op: jobs.Remove}}
	for n := range calls {
		var e *sunco.Error
		if n < calls-1 {
			e = &sunco.Error{Status: statusTooMany}
		}
		row.note(time.Now(), time.Millisecond, e)
		row.calls++
		row.tell(e == nil)
	}
	told, sum := row.rec.next.Attempts, 0
	for _, a := range told {
		sum += 1 + a.Omitted
	}
	if len(told) > mostTold+15 || sum != calls {
		t.Errorf("got %d attempts that report %d calls, want at most %d that report %d", len(told), sum, mostTold+15, calls)
	}
	if last := told[len(told)-1]; last.HTTPStatus != 200 {
		t.Errorf("the last one told: got %+v, want the one that settled the row", last)
	}
}
