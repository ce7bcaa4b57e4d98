package plan

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/jobs"
)

func rows(given []jobs.Row, rejected []jobs.Rejection) func(func(jobs.Row, *jobs.Rejection) bool) {
	return func(yield func(jobs.Row, *jobs.Rejection) bool) {
		for _, r := range given {
			if !yield(r, nil) {
				return
			}
		}
		for _, r := range rejected {
			if !yield(jobs.Row{}, &r) {
				return
			}
		}
	}
}

func TestMake(t *testing.T) {
	got := Make(rows([]jobs.Row{
		{Op: jobs.Create, Type: "whatsapp", Confirmation: "immediate"},
		{Op: jobs.Create, Type: "whatsapp", Confirmation: "immediate", Message: "{}"},
		{Op: jobs.Create, Type: "mailgun", Confirmation: "prompt"},
		{Op: jobs.List},
		{Op: jobs.Remove},
		{Op: jobs.Remove},
	}, []jobs.Rejection{{Number: 7, Line: 8, Column: "user", Cause: "is empty"}}), 2)
	want := Plan{
		Rows: 7, Rejected: 1, Messaged: 2, Calls: 6, Seconds: 3,
		Operations:    map[jobs.Op]int64{jobs.Create: 3, jobs.List: 1, jobs.Remove: 2},
		Channels:      map[string]int64{"whatsapp": 2, "mailgun": 1},
		Confirmations: map[string]int64{"immediate": 2, "prompt": 1},
		Causes:        map[string]int64{"user: is empty": 1},
		Samples:       []Sample{{7, 8, "user", "is empty"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}
	if got, want := got.Duration(), 3*time.Second; got != want {
		t.Errorf("duration: got %s, want %s", got, want)
	}
}

func TestI6CausesAreBounded(t *testing.T) {
	var rejected []jobs.Rejection
	for i := range 10 * maxCauses {
		rejected = append(rejected, jobs.Rejection{Cause: fmt.Sprint("cause ", i)})
	}
	p := Make(rows(nil, rejected), 0)
	if got, most := len(p.Causes), maxCauses+1; got > most {
		t.Errorf("causes: got %d, want at most %d", got, most)
	}
	var sum int64
	for _, n := range p.Causes {
		sum += n
	}
	if sum != p.Rejected {
		t.Errorf("sum of causes: got %d, want %d", sum, p.Rejected)
	}
}
