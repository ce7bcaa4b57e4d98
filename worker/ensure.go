package worker

import (
	"context"
	"net/http"

	"github.com/sunbulk/sunbulk/jobs"
)

// ensure links a user to a channel, unless a list shows a client of the row's type and integration.
// Whatever its status, that one is live: a second could message a person who has not confirmed yet,
// or who has unsubscribed. A create that was sent is looked for as any other (I2).
func ensure(ctx context.Context, t *try) (jobs.Outcome, error) {
	if t.doubt {
		return create(ctx, t)
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
	return create(ctx, t)
}
