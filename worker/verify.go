package worker

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
)

// Pauses between two lists for a pending client: as long as the batch has been at it, within these
// bounds, so that they double.
const (
	firstPause = 5 * time.Second
	lastPause  = 5 * time.Minute
)

// errPending says that a client is to be asked for again at the end of the row's pause.
var errPending = errors.New("the client is pending")

// verify makes sure that the row's client is active: by what events of a webhook have told, else by a list. While it is pending the row waits
// and uses no attempt, until the job's Within is over since the calls of its batch began; then a list decides.
func verify(ctx context.Context, t *try) (jobs.Outcome, error) {
	if o, ok := t.byEvent(); ok {
		return o, nil
	}
	asked := time.Now()
	if asked.Before(t.quiet) {
		return jobs.Outcome{}, errPending
	}
	within, waited := t.job.Options.Within, time.Since(t.delivery.Since)
	if t.expects(asked) {
		t.quiet = asked.Add(min(max(waited, firstPause), newsPause, within-waited))
		return jobs.Outcome{}, errPending
	}
	clients, err := t.clients(ctx)
	if err != nil {
		return jobs.Outcome{}, err
	}
	c, found := verified(clients, t.row)
	t.hears(ctx, asked, c, found)
	o := jobs.Outcome{Kind: jobs.Failed, ClientID: c.ID, ClientStatus: c.Status, HTTPStatus: http.StatusOK}
	waited = time.Since(t.delivery.Since)
	switch {
	case !found:
		o.ClientID, o.ErrorCode, o.Error = t.row.ClientID, codeLinkFailed, "the user has no such client: its link failed, or it was removed"
	case c.Status == sunco.StatusActive:
		o.Kind = jobs.OK
	case c.Status != sunco.StatusPending:
		o.ErrorCode, o.Error = "not_active", fmt.Sprintf("the client is %q", plain(c.Status))
	case waited >= within:
		o.ErrorCode, o.Error = "still_pending", fmt.Sprintf("the client is still pending after %s", within)
	default:
		t.quiet = time.Now().Add(min(max(waited, firstPause), lastPause, within-waited))
		return jobs.Outcome{}, errPending
	}
	return o, nil
}

// verified returns the client that a row is about. Of several of its type and integration an active
// one goes before a pending one, and that before all others.
func verified(clients []sunco.Client, r *jobs.Row) (found sunco.Client, ok bool) {
	rank := func(c sunco.Client) int {
		switch c.Status {
		case sunco.StatusActive:
			return 2
		case sunco.StatusPending:
			return 1
		}
		return 0
	}
	for _, c := range clients {
		is := c.ID == r.ClientID
		if r.ClientID == "" {
			is = c.Type == r.Type && c.IntegrationID == r.IntegrationID
		}
		if is && (!ok || rank(c) > rank(found)) {
			found, ok = c, true
		}
	}
	return found, ok
}
