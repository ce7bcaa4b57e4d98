package worker

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
)

// create links a user to a channel. A create that may have been done is looked for first (I2).
func create(ctx context.Context, t *try) (jobs.Outcome, error) {
	if outcome, settled, err := t.claim(ctx); err != nil || settled { // before a look, or it would adopt what another job's row made
		return outcome, err
	}
	if t.doubt {
		if time.Now().Before(t.quiet) {
			return jobs.Outcome{}, errEarly
		}
		outcome, settled, err := look(ctx, t)
		if err != nil || settled {
			t.made = outcome.ClientID
			return outcome, err
		}
		t.remark("no client is there")
		t.doubt = false
	}
	conversation, none, err := t.conversation(ctx)
	if err != nil {
		return jobs.Outcome{}, err
	}
	if conversation == "" {
		return none, nil
	}
	var made sunco.Client
	err = t.call(ctx, jobs.Create, func(ctx context.Context) (err error) {
		made, err = t.app.api.Create(ctx, t.row.User, body(t.row, conversation), t.query())
		return err
	})
	if err != nil {
		return jobs.Outcome{}, err
	}
	t.made = made.ID
	return jobs.Outcome{Kind: jobs.OK, ClientID: made.ID, ClientStatus: made.Status, HTTPStatus: http.StatusCreated}, nil
}

func body(r *jobs.Row, conversation string) sunco.ClientCreate {
	c := sunco.ClientCreate{
		MatchCriteria: sunco.MatchCriteria{Type: r.Type, IntegrationID: r.IntegrationID, PhoneNumber: r.PhoneNumber, Address: r.Address, Subject: r.Subject},
		Confirmation:  sunco.Confirmation{Type: r.Confirmation},
		Target:        sunco.Target{ConversationID: conversation},
	}
	if r.Primary != "" {
		primary := r.Primary == "true"
		c.MatchCriteria.Primary = &primary
	}
	if r.Message != "" {
		c.Confirmation.Message = json.RawMessage(r.Message)
	}
	return c
}
