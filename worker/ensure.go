package worker

import (
	"context"
	"net/http"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
)

// looksFirst tells whether an operation creates only where a list has shown no client.
func looksFirst(op jobs.Op) bool { return op.Creates() && op.Idempotent() }

// ensure links a user to a channel, unless a list shows a client of the row's type and integration.
// Whatever its status, that one is live: a second could message a person who has not confirmed yet,
// or who has unsubscribed. A create that was sent is looked for as any other (I2). One that may have been, for all that a rolled back
// Redis knows, is not: a client that is there is more likely to be older.
func ensure(ctx context.Context, t *try) (jobs.Outcome, error) {
	if t.doubt && !t.unsure {
		return create(ctx, t)
	}
	if t.unsure && time.Now().Before(t.quiet) {
		return jobs.Outcome{}, errEarly
	}
	if t.unsure && t.awaits() {
		if o, settled, err := t.echo(ctx); err != nil || settled {
			t.made = o.ClientID
			return o, err
		}
	}
	clients, err := t.clients(ctx)
	if err != nil {
		return jobs.Outcome{}, err
	}
	for _, c := range clients {
		if c.Type == t.row.Type && c.IntegrationID == t.row.IntegrationID {
			t.made = c.ID
			return jobs.Outcome{Kind: jobs.Noop, ClientID: c.ID, ClientStatus: c.Status, HTTPStatus: http.StatusOK, Detail: "already there"}, nil
		}
	}
	if t.unsure {
		if o, settled, err := t.echo(ctx); err != nil || settled {
			t.made = o.ClientID
			return o, err
		}
		if err := t.waitForEcho(ctx); err != nil {
			return jobs.Outcome{}, err
		}
		t.remark("no client is there")
		t.doubt, t.unsure = false, false
	}
	return create(ctx, t)
}
