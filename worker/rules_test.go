package worker_test

import (
	"net/http"
	"testing"

	"github.com/sunbulk/sunbulk/jobs"
)

const (
	made    = `{"client":{"id":"c1","type":"whatsapp","status":"pending","integrationId":"5e4af71a81966cfff3ef6550"}}`
	none    = `{"clients":[]}`
	pending = `{"clients":[{"id":"c9","type":"whatsapp","status":"pending","integrationId":"5e4af71a81966cfff3ef6550"}]}`
	older   = `{"clients":[{"id":"c9","type":"whatsapp","status":"active","integrationId":"5e4af71a81966cfff3ef6550","linkedAt":"2020-06-23T14:33:47.492Z","externalId":"+441134960000"}]}`
	same    = `{"clients":[{"id":"c9","type":"whatsapp","status":"active","integrationId":"5e4af71a81966cfff3ef6550","linkedAt":"2020-06-23T14:33:47.492Z","externalId":"12125550001"}]}`
	several = `{"clients":[{"id":"c8","type":"whatsapp","status":"pending","integrationId":"5e4af71a81966cfff3ef6550"},{"id":"c9","type":"whatsapp","status":"pending","integrationId":"5e4af71a81966cfff3ef6550"}]}`
)

// rulesCase is one row, what the API answers to its calls, and what becomes of it.
type rulesCase struct {
	name    string
	row     jobs.Row
	answers []http.HandlerFunc
	want    ruled
}

// ruled is what an outcome says, and the calls that it took.
type ruled struct {
	kind     jobs.Kind
	code     string
	clientID string
	detail   string
	calls    int64
	attempts int
}

func checkRules(t *testing.T, cases []rulesCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, answer(c.answers...), options())
			b.queue(1, c.row)
			b.serve()
			o := b.outcomes()[1]
			job := b.state()
			got := ruled{o.Kind, o.ErrorCode, o.ClientID, o.Detail, job.Stats.Calls, o.Attempts}
			if got != c.want {
				t.Errorf("got %+v, want %+v (error: %s)", got, c.want, o.Error)
			}
			if job.State != jobs.Finished {
				t.Errorf("state: got %s, want %s", job.State, jobs.Finished)
			}
		})
	}
}

// TestRules holds the worker's rules of the design: what comes back, and what becomes of the row.
func TestRules(t *testing.T) {
	t.Parallel()
	remove := jobs.Row{Op: jobs.Remove, User: "u", ClientID: "c1"}
	replacing := remove
	replacing.Carry = jobs.Carry{Row: 7, Cells: []jobs.Cell{{Name: jobs.CreatedID, Value: "c9"}}}.Encode()
	list := jobs.Row{Op: jobs.List, User: "u"}
	create := creates(1)[0]
	messaging := create
	messaging.Confirmation = "prompt"
	ok, created := status(200, `{}`), status(201, made)

	checkRules(t, []rulesCase{
		{"remove", remove, []http.HandlerFunc{ok}, ruled{jobs.OK, "", "c1", "", 1, 1}},
		{"remove, the new client is active", replacing, []http.HandlerFunc{status(200, active), ok}, ruled{jobs.OK, "", "c1", "", 2, 1}},
		{"remove, the list is lost", replacing, []http.HandlerFunc{cut, status(200, active), ok}, ruled{jobs.OK, "", "c1", "", 3, 2}},
		{"remove, the answer is lost", replacing, []http.HandlerFunc{status(200, active), cut, status(200, none)}, ruled{jobs.Noop, "client_not_found", "c1", "", 3, 2}},
		{"remove, the new client is pending", replacing, []http.HandlerFunc{status(200, `{"clients":[{"id":"c1","status":"active"},{"id":"c9","status":"pending"}]}`), ok}, ruled{jobs.Failed, "new_client_not_active", "c1", "", 1, 1}},
		{"remove, the new client is gone", replacing, []http.HandlerFunc{status(200, `{"clients":[{"id":"c1","status":"active"}]}`), ok}, ruled{jobs.Failed, "new_client_not_active", "c1", "", 1, 1}},
		{"remove, what the row carries cannot be read", jobs.Row{Op: jobs.Remove, User: "u", ClientID: "c1", Carry: "[7"}, []http.HandlerFunc{ok}, ruled{jobs.Failed, "invalid", "", "", 0, 1}},
		{"remove of a client that is gone", remove, []http.HandlerFunc{fault(404, "client_not_found")}, ruled{jobs.Noop, "client_not_found", "", "", 1, 1}},
		{"remove of an unknown user", remove, []http.HandlerFunc{fault(404, "user_not_found")}, ruled{jobs.Failed, "user_not_found", "", "", 1, 1}},
		{"remove of an sdk client", remove, []http.HandlerFunc{fault(400, "bad_request")}, ruled{jobs.Failed, "bad_request", "", "", 1, 1}},
		{"remove, refused with half a reason", remove, []http.HandlerFunc{half(404, "client_not_found"), fault(404, "client_not_found")}, ruled{jobs.Noop, "client_not_found", "", "", 2, 2}},
		{"create, refused with half a reason", create, []http.HandlerFunc{half(400, "bad_request"), fault(400, "bad_request")}, ruled{jobs.Failed, "bad_request", "", "", 2, 2}},
		{"remove, 503 twice", remove, []http.HandlerFunc{fault(503, ""), status(502, "<html>"), ok}, ruled{jobs.OK, "", "c1", "", 3, 3}},
		{"remove, 503 for ever", remove, []http.HandlerFunc{fault(503, "")}, ruled{jobs.Failed, "http_503", "", "", 3, 3}},
		{"remove, connection lost", remove, []http.HandlerFunc{cut, ok}, ruled{jobs.OK, "", "c1", "", 2, 2}},
		{"remove, locked", remove, []http.HandlerFunc{fault(423, "locked"), ok}, ruled{jobs.OK, "", "c1", "", 2, 2}},
		{"remove, 429 uses no attempt (I8)", remove, []http.HandlerFunc{fault(429, ""), fault(429, ""), fault(429, ""), fault(429, ""), ok}, ruled{jobs.OK, "", "c1", "", 5, 1}},
		{"list", list, []http.HandlerFunc{status(200, pending)}, ruled{jobs.OK, "", "", "", 1, 1}},
		{"list, connection lost", list, []http.HandlerFunc{cut, status(200, none)}, ruled{jobs.OK, "", "", "", 2, 2}},
		{"create", create, []http.HandlerFunc{created}, ruled{jobs.OK, "", "c1", "", 1, 1}},
		{"create, conflict", create, []http.HandlerFunc{fault(409, "conflict"), created}, ruled{jobs.OK, "", "c1", "", 2, 2}},
		{"create refused", create, []http.HandlerFunc{fault(404, "integration_not_found")}, ruled{jobs.Failed, "integration_not_found", "", "", 1, 1}},
		{"I2: lost, not there, sent again", create, []http.HandlerFunc{cut, status(200, none), created}, ruled{jobs.OK, "", "c1", "", 3, 2}},
		{"I2: lost, there and pending", create, []http.HandlerFunc{cut, status(200, pending)}, ruled{jobs.OK, "", "c9", "adopted", 2, 1}},
		{"I2: 503, there and pending", create, []http.HandlerFunc{fault(503, ""), status(200, pending)}, ruled{jobs.OK, "", "c9", "adopted", 2, 1}},
		{"I2: an answer that cannot be read", create, []http.HandlerFunc{status(201, "{"), status(200, pending)}, ruled{jobs.OK, "", "c9", "adopted", 2, 1}},
		{"I2: an older link proves nothing", create, []http.HandlerFunc{cut, status(200, older), created}, ruled{jobs.OK, "", "c1", "", 3, 2}},
		{"I2: the row's own number proves it", create, []http.HandlerFunc{cut, status(200, same)}, ruled{jobs.OK, "", "c9", "adopted", 2, 1}},
		{"I2: several candidates", create, []http.HandlerFunc{cut, status(200, several)}, ruled{jobs.InDoubt, "several_candidates", "", "", 2, 1}},
		{"I2: a person may have been messaged", messaging, []http.HandlerFunc{cut, status(200, none)}, ruled{jobs.InDoubt, "not_sent_again", "", "", 2, 1}},
		{"I2: a person was messaged, and the client is there", messaging, []http.HandlerFunc{cut, status(200, pending)}, ruled{jobs.OK, "", "c9", "adopted", 2, 1}},
		{"I2: looks fail, and use no attempt", create, []http.HandlerFunc{cut, fault(503, ""), fault(503, ""), fault(503, ""), fault(503, ""), status(200, none), created}, ruled{jobs.OK, "", "c1", "", 7, 2}},
		{"I2: looks fail for ever", create, []http.HandlerFunc{cut, fault(503, "")}, ruled{jobs.InDoubt, "http_503", "", "", 9, 1}},
		{"I2: lost at every attempt, never there", create, []http.HandlerFunc{cut, status(200, none), cut, status(200, none), cut, status(200, none)}, ruled{jobs.Failed, "no_answer", "", "", 6, 3}},
	})
}

// An answer that is not about the row pauses the job, and the row keeps its attempts.
func TestAnswersThatPauseTheJob(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
	}{
		{"unauthorized", fault(401, "unauthorized")},
		{"payment required", fault(402, "payment_required")},
		{"forbidden", fault(403, "forbidden")},
		{"unknown app", fault(404, "app_not_found")},
		{"a 404 that is not the API's", status(404, "<html>not here</html>")},
		{"a redirect", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "https://example.com/", 302) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, answer(c.answer, status(201, made)), options())
			b.queue(1, creates(1)...)
			b.serve()
			job := b.state()
			if job.State != jobs.Paused || job.Reason == "" || job.Tally.Unprocessed != 1 {
				t.Fatalf("got %s (%q), %d unprocessed; want paused with a reason, 1 unprocessed", job.State, job.Reason, job.Tally.Unprocessed)
			}
			if err := b.queues.Resume(b.job); err != nil {
				t.Fatal(err)
			}
			if err := b.ledger.Resume(t.Context(), b.job, "", ""); err != nil {
				t.Fatal(err)
			}
			b.serve()
			if o := b.outcomes()[1]; o.Kind != jobs.OK || o.Attempts != 1 {
				t.Errorf("after resume: got %s after %d attempts, want ok after 1", o.Kind, o.Attempts)
			}
		})
	}
}
