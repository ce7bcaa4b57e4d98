package worker

import (
	"net/http"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
)

// mostTold is how many calls of a row one delivery tells; of those beyond, only the second, the
// fourth, the eighth and so on. Hours of 429 must not fill Redis.
const mostTold = 50

// note remembers a call that did not succeed, that looks, or that comes after one that was reported, or
// may have been.
func (t *try) note(start time.Time, took time.Duration, e *sunco.Error) {
	before := t.free
	if before.IsZero() {
		before = t.since
	}
	t.free = start.Add(took)
	if e == nil && !t.looked && !t.again && t.told == 0 && len(t.recent) == 0 {
		return
	}
	a := jobs.Attempt{Row: t.row.Number, At: start.UTC(), Took: took, Waited: start.Sub(before), Look: t.looked}
	switch {
	case e != nil:
		a.HTTPStatus, a.ErrorCode, a.Reason = e.Status, code(e), e.Title
	case makes(t.lastCall):
		a.HTTPStatus = http.StatusCreated
	default:
		a.HTTPStatus = http.StatusOK
	}
	t.recent = append(t.recent, a)
}

// remark says what the last call has shown.
func (t *try) remark(text string) { t.recent[len(t.recent)-1].Reason = text }

// tell records the calls that were noted in an attempt, but for those that the row's outcome tells
// anyhow: its only one.
func (t *try) tell(settled bool) {
	calls := t.recent
	t.recent = nil
	if settled && len(calls) == 1 && t.calls == 1 && !t.again && !calls[0].Look {
		return
	}
	for i, a := range calls {
		t.told++
		last := settled && i == len(calls)-1
		if over := t.told - mostTold; over > 0 && over&(over-1) != 0 && !last {
			t.omitted++
			continue
		}
		a.Omitted, t.omitted = t.omitted, 0
		t.rec.tell(a)
	}
}
