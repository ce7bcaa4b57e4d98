package worker_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
)

// ensures are the rows of creates, as ensures.
func ensures(n int) []jobs.Row {
	rows := creates(n)
	for i := range rows {
		rows[i].Op = jobs.Ensure
	}
	return rows
}

const (
	blocked  = `{"clients":[{"id":"c9","type":"whatsapp","status":"blocked","integrationId":"5e4af71a81966cfff3ef6550"}]}`
	inactive = `{"clients":[{"id":"c9","type":"whatsapp","status":"inactive","integrationId":"5e4af71a81966cfff3ef6550"}]}`
	others   = `{"clients":[{"id":"c7","type":"whatsapp","status":"active","integrationId":"5e4af71a81966cfff3ef6559"},{"id":"c8","type":"twilio","status":"active","integrationId":"5e4af71a81966cfff3ef6550"}]}`
)

func TestEnsureRules(t *testing.T) {
	t.Parallel()
	ensure := ensures(1)[0]
	messaging := ensure
	messaging.Confirmation = sunco.ConfirmPrompt
	empty, created := status(200, none), status(201, made)
	there := ruled{jobs.Noop, "", "c9", "already there", 1, 1}
	checkRules(t, []rulesCase{
		{"none is there", ensure, []http.HandlerFunc{empty, created}, ruled{jobs.OK, "", "c1", "", 2, 1}},
		{"a pending one is there", ensure, []http.HandlerFunc{status(200, pending)}, there},
		{"an active one is there, of another number", ensure, []http.HandlerFunc{status(200, older)}, there},
		{"a blocked one is there", ensure, []http.HandlerFunc{status(200, blocked)}, there},
		{"an inactive one is there", ensure, []http.HandlerFunc{status(200, inactive)}, there},
		{"those of other types and integrations do not count", ensure, []http.HandlerFunc{status(200, others), created}, ruled{jobs.OK, "", "c1", "", 2, 1}},
		{"unknown user", ensure, []http.HandlerFunc{fault(404, "user_not_found")}, ruled{jobs.Failed, "user_not_found", "", "", 1, 1}},
		{"refused", ensure, []http.HandlerFunc{empty, fault(404, "integration_not_found")}, ruled{jobs.Failed, "integration_not_found", "", "", 2, 1}},
		{"conflict: lists again", ensure, []http.HandlerFunc{empty, fault(409, "conflict"), status(200, pending)}, ruled{jobs.Noop, "", "c9", "already there", 3, 2}},
		{"the list is lost: nothing is in doubt", messaging, []http.HandlerFunc{cut, empty, created}, ruled{jobs.OK, "", "c1", "", 3, 2}},
		{"the list fails for ever", ensure, []http.HandlerFunc{fault(503, "")}, ruled{jobs.Failed, "http_503", "", "", 3, 3}},
		{"429 uses no attempt (I8)", ensure, []http.HandlerFunc{fault(429, ""), empty, fault(429, ""), empty, created}, ruled{jobs.OK, "", "c1", "", 5, 1}},
		{"I2: lost, not there, sent again", ensure, []http.HandlerFunc{empty, cut, empty, created}, ruled{jobs.OK, "", "c1", "", 4, 2}},
		{"I2: lost, there and pending", ensure, []http.HandlerFunc{empty, cut, status(200, pending)}, ruled{jobs.OK, "", "c9", "adopted", 3, 1}},
		{"I2: lost, and what is there came since", ensure, []http.HandlerFunc{empty, cut, status(200, older)}, ruled{jobs.OK, "", "c9", "adopted", 3, 1}},
		{"I2: lost, several are there", ensure, []http.HandlerFunc{empty, cut, status(200, several)}, ruled{jobs.InDoubt, "several_candidates", "", "", 3, 1}},
		{"I2: lost, looks fail and use no attempt", ensure, []http.HandlerFunc{empty, cut, fault(503, ""), fault(503, ""), fault(503, ""), empty, created}, ruled{jobs.OK, "", "c1", "", 7, 2}},
		{"I2: a person may have been messaged", messaging, []http.HandlerFunc{empty, cut, empty}, ruled{jobs.InDoubt, "not_sent_again", "", "", 3, 1}},
	})
}

// After a crash only the ensures that were announced are looked for. Another takes a client that
// was there before for what it is, though it is pending.
func TestI2EnsuresOfACrashedWorker(t *testing.T) {
	t.Parallel()
	sim := suncotest.New(suncotest.Config{Knobs: suncotest.Knobs{PendingFor: time.Hour}})
	b := newRedisBench(t, sim, options())
	rows := ensures(10)
	send(t, b, rows[2]) // before the job
	b.queue(10, rows...)
	b.dieAfterAnnouncing(10)
	send(t, b, rows[0]) // of the two that were announced, this one was sent
	b.serve()
	all := b.outcomes()
	for row, want := range map[int64]struct {
		kind   jobs.Kind
		detail string
	}{1: {jobs.OK, "adopted"}, 2: {jobs.OK, ""}, 3: {jobs.Noop, "already there"}, 4: {jobs.OK, ""}} {
		if got := all[row]; got.Kind != want.kind || got.Detail != want.detail {
			t.Errorf("row %d: got %s %q, want %s %q", row, got.Kind, got.Detail, want.kind, want.detail)
		}
	}
	if job, stats := b.state(), sim.Stats(); job.Tally.OK != 9 || job.Stats.Looks != 2 || stats.Created != 10 || stats.Duplicates != 0 {
		t.Errorf("got %+v, %d looks, %d created, %d duplicates; want 9 ok, 2 looks, one client for each of 10 users",
			job.Tally, job.Stats.Looks, stats.Created, stats.Duplicates)
	}
}

// Rows of one user in a batch follow each other: the second finds the client of the first.
func TestEnsuresOfOneUserMakeOneClient(t *testing.T) {
	t.Parallel()
	sim := suncotest.New(suncotest.Config{})
	b := newBench(t, sim, options())
	rows := append(creates(1), ensures(2)...)
	for i := range rows {
		rows[i].User = "user"
	}
	b.queue(3, rows...)
	b.serve()
	if job, stats := b.state(), sim.Stats(); job.Tally.OK != 1 || job.Tally.Noop != 2 || stats.Created != 1 {
		t.Errorf("got %+v, %d created; want 1 ok, 2 noop, 1 created", job.Tally, stats.Created)
	}
}

func TestI1I2EnsuresAgainstAnUnreliableAPI(t *testing.T) {
	t.Parallel()
	const n = 500
	sim, b := newUnreliableBench(t)
	b.queue(100, ensures(n)...)
	b.serve()
	if job, stats := b.state(), sim.Stats(); job.Tally.OK != n || stats.Created != n || stats.Duplicates != 0 {
		t.Errorf("got %+v, %d created, %d duplicates; want %d ok, each with one client", job.Tally, stats.Created, stats.Duplicates, n)
	}
}
