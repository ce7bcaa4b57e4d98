package worker

import (
	"context"
	"net/http"

	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
)

// remove takes one client from a user. Repeating it is harmless.
func remove(ctx context.Context, t *try) (jobs.Outcome, error) {
	err := t.call(ctx, jobs.Remove, func(ctx context.Context) error {
		return t.app.api.Remove(ctx, t.row.User, t.row.ClientID, sunco.Query{BrandID: t.row.BrandID})
	})
	if err != nil {
		return jobs.Outcome{ClientID: t.row.ClientID}, err
	}
	return jobs.Outcome{Kind: jobs.OK, ClientID: t.row.ClientID, HTTPStatus: http.StatusOK}, nil
}
