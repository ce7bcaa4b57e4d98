package worker_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
)

// told returns the attempts that the ledger has of the bench's job.
func (b *bench) told() []jobs.Attempt {
	b.t.Helper()
	var all []jobs.Attempt
	for a, err := range b.ledger.Attempts(b.t.Context(), b.job) {
		if err != nil {
			b.t.Fatal(err)
		}
		all = append(all, a)
	}
	return all
}

// Each call of a row is reported, unless its outcome tells it: that of its only one.
func TestCallsThatAnOutcomeDoesNotTellAreKept(t *testing.T) {
	t.Parallel()
	create, list := creates(1)[0], jobs.Row{Op: jobs.List, User: "u"}
	created := status(201, made)
	for _, c := range []struct {
		name    string
		row     jobs.Row
		answers []http.HandlerFunc
		want    string
	}{
		{"done at once", create, []http.HandlerFunc{created}, ""},
		{"failed at once", create, []http.HandlerFunc{fault(404, "user_not_found")}, ""},
		{"list of two pages", list, []http.HandlerFunc{status(200, `{"clients":[],"meta":{"hasMore":true,"afterCursor":"a"}}`), status(200, none)}, ""},
		{"429 and done", create, []http.HandlerFunc{fault(429, "too_many_requests"), created}, "429 too_many_requests (so it is), 201"},
		{"locked, conflict, refused", create, []http.HandlerFunc{fault(423, "locked"), fault(409, "conflict"), fault(404, "user_not_found")},
			"423 locked (so it is), 409 conflict (so it is), 404 user_not_found (so it is)"},
		{"lost, not there, sent again", create, []http.HandlerFunc{cut, status(200, none), created},
			"0 no_answer (connection closed), look 200 (no client is there), 201"},
		{"lost, and there", create, []http.HandlerFunc{cut, status(200, pending)}, "0 no_answer (connection closed), look 200"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, answer(c.answers...), options())
			b.queue(1, c.row)
			began := time.Now()
			b.serve()
			var got []string
			for _, a := range b.told() {
				text := fmt.Sprint(a.HTTPStatus)
				if a.Look {
					text = "look " + text
				}
				if a.ErrorCode != "" {
					text += " " + a.ErrorCode
				}
				if a.Reason != "" {
					text += " (" + a.Reason + ")"
				}
				got = append(got, text)
				if a.Row != 1 || a.At.Before(began.Truncate(time.Millisecond)) || a.At.After(time.Now()) || a.Waited < 0 || a.Took < 0 {
					t.Errorf("got %+v, want row 1, with its times", a)
				}
			}
			if text := strings.Join(got, ", "); text != c.want {
				t.Errorf("told:\ngot  %s\nwant %s", text, c.want)
			}
		})
	}
}
