package plan

import (
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sunbulk/sunbulk/jobs"
)

// rows gives the valid rows, numbered from 1, then the rejected ones.
func rows(given []jobs.Row, rejected []jobs.Rejection) iter.Seq2[jobs.Row, *jobs.Rejection] {
	return func(yield func(jobs.Row, *jobs.Rejection) bool) {
		for i, r := range given {
			r.Number = int64(i + 1)
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
		{Op: jobs.Create, User: "u1", Type: "whatsapp", IntegrationID: "i1", PhoneNumber: "+12125550001", Confirmation: "immediate"},
		{Op: jobs.Create, User: "u2", Type: "whatsapp", IntegrationID: "i1", PhoneNumber: "+12125550002", Confirmation: "immediate", Message: "{}"},
		{Op: jobs.Create, User: "u3", Type: "mailgun", IntegrationID: "i2", Address: "a@example.com", Confirmation: "prompt"},
		{Op: jobs.Create, User: "u4", Type: "mailgun", IntegrationID: "i3", Address: "A@example.com", Confirmation: "prompt"},
		{Op: jobs.List, User: "u5"},
		{Op: jobs.Remove, User: "u6", ClientID: "c1"},
		{Op: jobs.Remove, User: "u6", ClientID: "c2"},
	}, []jobs.Rejection{
		{Number: 8, Line: 9, Column: "user", Cause: "is empty"},
		{Number: 9, Line: 10, Cause: "same as an earlier row"},
		{Number: 10, Line: 11, Cause: "same as an earlier row"},
	}), jobs.Options{Rate: 4, Reserve: 0.5, Burst: 1})
	want := Plan{
		Rows: 10, Rejected: 3, Messaged: 3, People: 2, Calls: 7, Rate: 2, Seconds: 3,
		Operations:    map[jobs.Op]int64{jobs.Create: 4, jobs.List: 1, jobs.Remove: 2},
		Channels:      map[string]int64{"whatsapp": 2, "mailgun": 2},
		Integrations:  []Integration{{"i1", "whatsapp", 2}, {"i2", "mailgun", 1}, {"i3", "mailgun", 1}},
		Confirmations: map[string]int64{"immediate": 2, "prompt": 2},
		Causes:        map[string]int64{"user: is empty": 1, "same as an earlier row": 2},
		Rejections:    []Cause{{"", "same as an earlier row", 2, 9, 10}, {"user", "is empty", 1, 8, 9}},
		Samples:       []Sample{{8, 9, "user", "is empty"}, {9, 10, "", "same as an earlier row"}, {10, 11, "", "same as an earlier row"}},
		Conflicts:     []Conflict{{MessagedTwice, 1, [][2]int64{{3, 4}}}},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Plan{}, "Drawn")); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}
	if got, want := got.Duration(), 3*time.Second; got != want {
		t.Errorf("duration: got %s, want %s", got, want)
	}
}

func TestMakeShowsAndDoubtsNumbers(t *testing.T) {
	p := Make(rows([]jobs.Row{
		create("u1", "i1", "+442079460018"), create("u2", "i1", "+447700900142"), {Op: jobs.List, User: "u3"}, create("u4", "i1", "+15550000000"), create("u5", "i1", "+4930901820"),
	}, nil), jobs.Options{})
	if diff := cmp.Diff([]Cause{{"matchCriteria.phoneNumber", "is in no range that its country is known to use: a slip, made up, or newer than this sunbulk", 2, 2, 0}}, p.Warnings); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]Number{{1, 0, "+442079460018"}, {2, 0, "+447700900142"}, {4, 0, "+15550000000"}}, p.Numbers()); diff != "" {
		t.Errorf("numbers (-want +got):\n%s", diff)
	}
}

// The calls of the burst take no time.
func TestMakeWithoutTime(t *testing.T) {
	given := []jobs.Row{{Op: jobs.List, User: "u1"}, {Op: jobs.List, User: "u2"}}
	for _, opt := range []jobs.Options{{Rate: 0, Burst: 1}, {Rate: 10, Burst: 2}, {Rate: 10, Burst: 5}} {
		if got := Make(rows(given, nil), opt).Seconds; got != 0 {
			t.Errorf("rate %g, burst %d: got %g s, want 0", opt.Rate, opt.Burst, got)
		}
	}
}

func TestI6CausesAreBounded(t *testing.T) {
	var rejected []jobs.Rejection
	for i := range 10 * maxCauses {
		rejected = append(rejected, jobs.Rejection{Cause: fmt.Sprint("cause ", i)})
	}
	p := Make(rows(nil, rejected), jobs.Options{})
	if got, most := len(p.Rejections), maxCauses+1; got > most {
		t.Errorf("causes: got %d, want at most %d", got, most)
	}
	var sum, old int64
	for _, c := range p.Rejections {
		sum += c.Count
	}
	for _, n := range p.Causes {
		old += n
	}
	if sum != p.Rejected || old != p.Rejected {
		t.Errorf("sums of causes: got %d and %d, want %d", sum, old, p.Rejected)
	}
}

func TestI6IntegrationsAreBounded(t *testing.T) {
	const ids = 200
	var given []jobs.Row
	for range 2 {
		for i := range ids {
			given = append(given, jobs.Row{Op: jobs.Create, User: fmt.Sprint("u", i), IntegrationID: fmt.Sprint("i", i), Type: "whatsapp", PhoneNumber: fmt.Sprintf("+121255500%03d", i)})
		}
	}
	p := Make(rows(given, nil), jobs.Options{})
	if got, want := len(p.Integrations), int(others); got != want {
		t.Errorf("integrations: got %d, want %d", got, want)
	}
	if got, want := p.Integrations[0], (Integration{OtherIntegrations, "", 2 * (ids - int64(others) + 1)}); got != want {
		t.Errorf("the others: got %+v, want %+v", got, want)
	}
	// Those that are not told apart are no conflict.
	if got, want := p.Conflicts[0].Count, int64(others)-1; got != want {
		t.Errorf("%s: got %d, want %d", p.Conflicts[0].Kind, got, want)
	}
}
