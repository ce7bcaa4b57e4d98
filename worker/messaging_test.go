package worker_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
)

// After a crash only the creates that were announced are in doubt, when they reach a person: the
// others were surely not sent.
func TestI2MessagingRowsOfACrashedWorker(t *testing.T) {
	t.Parallel()
	sim := suncotest.New(suncotest.Config{})
	b := newRedisBench(t, sim, options())
	rows := creates(10)
	for i := range rows {
		rows[i].Confirmation = sunco.ConfirmPrompt
	}
	b.queue(10, rows...)
	b.dieAfterAnnouncing(10)
	send(t, b, rows[0]) // of the two that were announced, this one was sent
	b.serve()
	all := b.outcomes()
	if got := all[1]; got.Kind != jobs.OK || got.Detail != "adopted" {
		t.Errorf("row that was sent: got %s %s, want ok, adopted", got.Kind, got.Detail)
	}
	if got := all[2]; got.Kind != jobs.InDoubt || got.ErrorCode != "not_sent_again" {
		t.Errorf("row that was announced: got %s %s, want in_doubt, not_sent_again", got.Kind, got.ErrorCode)
	}
	if job, stats := b.state(), sim.Stats(); job.Tally.OK != 9 || stats.Created != 9 || stats.Duplicates != 0 {
		t.Errorf("got %+v, %d created; want 9 ok, each created once", job.Tally, stats.Created)
	}
}

// send makes a row's create as a worker would that dies before it notes the answer.
func send(t *testing.T, b *bench, r jobs.Row) {
	t.Helper()
	_, err := b.api.Create(t.Context(), r.User, sunco.ClientCreate{
		MatchCriteria: sunco.MatchCriteria{Type: r.Type, IntegrationID: r.IntegrationID, PhoneNumber: r.PhoneNumber},
		Confirmation:  sunco.Confirmation{Type: r.Confirmation},
		Target:        sunco.Target{ConversationID: r.ConversationID},
	}, sunco.Query{})
	if err != nil {
		t.Fatal(err)
	}
}

func TestResendChoices(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		resend    jobs.Resend
		messaging bool
		want      jobs.Kind
	}{
		{jobs.ResendNever, false, jobs.InDoubt},
		{jobs.ResendNever, true, jobs.InDoubt},
		{jobs.ResendSilent, false, jobs.OK},
		{jobs.ResendSilent, true, jobs.InDoubt},
		{jobs.ResendAlways, false, jobs.OK},
		{jobs.ResendAlways, true, jobs.OK},
	} {
		opt := options()
		opt.Resend = c.resend
		b := newBench(t, answer(cut, status(200, none), status(201, made)), opt)
		row := creates(1)[0]
		if c.messaging {
			row.Confirmation = sunco.ConfirmPrompt
		}
		b.queue(1, row)
		b.serve()
		if got := b.outcomes()[1].Kind; got != c.want {
			t.Errorf("%s, messaging %t: got %s, want %s", c.resend, c.messaging, got, c.want)
		}
	}
}

// Two rows of one user for the same channel: the client of the one never passes for the other's.
func TestI2SiblingsAreToldApart(t *testing.T) {
	t.Parallel()
	first, second := creates(2)[0], creates(2)[1]
	second.User = first.User
	// The first is made as c1; the second is lost and did not arrive, so only c1 is there.
	list := `{"clients":[{"id":"c1","type":"whatsapp","status":"pending","integrationId":"5e4af71a81966cfff3ef6550"}]}`
	second2 := `{"client":{"id":"c2","type":"whatsapp","status":"pending","integrationId":"5e4af71a81966cfff3ef6550"}}`
	b := newBench(t, answer(status(201, made), cut, status(200, list), status(201, second2)), options())
	b.queue(2, first, second)
	b.serve()
	if got := b.outcomes()[2]; got.Kind != jobs.OK || got.ClientID != "c2" {
		t.Errorf("second row: got %s with client %s, want ok with c2", got.Kind, got.ClientID)
	}
}

// The API continues with calls that were cut: a look must wait until it can be done with them.
func TestI2CutCallsThatTheAPIStillWorksOn(t *testing.T) {
	t.Parallel()
	const n = 30
	sim := suncotest.New(suncotest.Config{Knobs: suncotest.Knobs{LatencyMin: 300 * time.Millisecond, LatencyMax: 900 * time.Millisecond}})
	// The handler goes on when its caller is gone, as a real one does.
	stubborn := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sim.ServeHTTP(w, r.WithContext(context.WithoutCancel(r.Context())))
	})
	b := newRedisBench(t, stubborn, options())
	b.queue(10, creates(n)...)
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	b.worker().Serve(ctx, b.job) // its error is that it was stopped
	b.serve()
	if job, stats := b.state(), sim.Stats(); job.Tally.OK != n || stats.Created != n || stats.Duplicates != 0 {
		t.Errorf("got %+v, %d created, %d duplicates; want %d ok, each created once", job.Tally, stats.Created, stats.Duplicates, n)
	}
}
