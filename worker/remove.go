package worker

import (
	"context"
	"net/http"

	"github.com/sunbulk/sunbulk/jobs"
)

// remove takes one client from a user. Repeating it is harmless.
func remove(ctx context.Context, t *try) (jobs.Outcome, error) {
	err := t.call(ctx, jobs.Remove, func(ctx context.Context) error {
		return t.app.api.Remove(ctx, t.row.User, t.row.ClientID, t.query())
	})
	if err != nil {
		return jobs.Outcome{ClientID: t.row.ClientID}, err
	}
	return jobs.Outcome{Kind: jobs.OK, ClientID: t.row.ClientID, HTTPStatus: http.StatusOK}, nil
}
