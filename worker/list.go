package worker

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
)

// list reads all clients of a user.
func list(ctx context.Context, t *try) (jobs.Outcome, error) {
	clients, err := t.clients(ctx)
	if err != nil {
		return jobs.Outcome{}, err
	}
	o := jobs.Outcome{Kind: jobs.OK, HTTPStatus: http.StatusOK, Clients: make([]json.RawMessage, len(clients))}
	for i, c := range clients {
		o.Clients[i] = c.JSON()
	}
	return o, nil
}

// clients returns all clients of the row's user, with one call per page.
func (t *try) clients(ctx context.Context) ([]sunco.Client, error) {
	var all []sunco.Client
	pages := t.app.api.Pages(t.row.User, sunco.ListQuery{BrandID: t.row.BrandID, Timeout: t.job.Options.Timeout})
	for pages.More() {
		err := t.call(ctx, jobs.List, func(ctx context.Context) error {
			page, err := pages.Next(ctx)
			all = append(all, page...)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}
