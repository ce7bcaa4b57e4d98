package worker

import (
	"context"
	"fmt"
	"net/http"

	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
)

// remove takes one client from a user. Repeating it is harmless. One in whose place a runbook has made another is taken only when a list, just
// before, shows that one active: its link may have failed, or been taken, since it was verified.
func remove(ctx context.Context, t *try) (jobs.Outcome, error) {
	if o, kept, err := t.keeps(ctx); err != nil || kept {
		return o, err
	}
	err := t.call(ctx, jobs.Remove, func(ctx context.Context) error {
		return t.app.api.Remove(ctx, t.row.User, t.row.ClientID, t.query())
	})
	if err != nil {
		return jobs.Outcome{ClientID: t.row.ClientID}, err
	}
	return jobs.Outcome{Kind: jobs.OK, ClientID: t.row.ClientID, HTTPStatus: http.StatusOK}, nil
}

const codeNewNotActive = "new_client_not_active"

// keeps tells whether a runbook has made a client in place of the row's that cannot do for it, and what becomes of the row then.
func (t *try) keeps(ctx context.Context) (o jobs.Outcome, kept bool, err error) {
	o = jobs.Outcome{Kind: jobs.Failed, ClientID: t.row.ClientID, ErrorCode: codeNewNotActive}
	id, err := t.row.Created()
	if err != nil {
		return o, false, &sunco.Error{Title: err.Error(), Err: sunco.ErrInvalid}
	}
	if id == "" {
		return o, false, nil
	}
	clients, err := t.clients(ctx)
	if err != nil {
		return o, false, err
	}
	o.HTTPStatus = http.StatusOK
	now, found := verified(clients, &jobs.Row{ClientID: id})
	_, there := verified(clients, &jobs.Row{ClientID: t.row.ClientID})
	switch {
	case found && now.Status == sunco.StatusActive:
		return o, false, nil
	case !there: // an answer was lost, or somebody else has removed it
		o.Kind, o.ErrorCode, o.Error = jobs.Noop, codeClientNotFound, "the client is gone already, and the new one is not active"
	case !found:
		o.Error = "the new client is gone, so this one is kept"
	default:
		o.Error = fmt.Sprintf("the new client is %q, so this one is kept", plain(now.Status))
	}
	return o, true, nil
}
