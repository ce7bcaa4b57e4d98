package worker

import (
	"context"
	"iter"
	"strings"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
)

// Causes of creates in doubt.
const (
	codeSeveral     = "several_candidates"
	codeEndedUnseen = "ended_unseen" // an event says that a link is over, or elsewhere, which may be the row's
)

// clockSlack is how far the API's clock may be behind ours.
const clockSlack = time.Minute

// look decides about a create that may have been done without an answer, by the user's clients, and by what events show of one
// that is there no more (I2). It is the only place that does. Settled is false when the create did not arrive and may be
// sent again.
func look(ctx context.Context, t *try) (o jobs.Outcome, settled bool, err error) {
	if t.awaits() {
		if o, settled, err = t.echo(ctx); err != nil || settled {
			return o, settled, err
		}
	}
	clients, err := t.clients(ctx)
	if err != nil {
		return o, false, err
	}
	var found []sunco.Client
	for _, c := range clients {
		if stemsFrom(c, t.row, t.delivery.Since) && !t.claimed(c) {
			found = append(found, c)
		}
	}
	switch {
	case len(found) > 0 && t.rivals():
		return jobs.Outcome{Kind: jobs.InDoubt, ErrorCode: codeSeveral, Error: "a client of the user may be this row's or another row's"}, true, nil
	case len(found) == 1:
		return jobs.Outcome{Kind: jobs.OK, ClientID: found[0].ID, ClientStatus: found[0].Status, Detail: "adopted"}, true, nil
	case len(found) > 1:
		return jobs.Outcome{Kind: jobs.InDoubt, ErrorCode: codeSeveral, Error: "several clients of the user may be this row's"}, true, nil
	}
	if o, settled, err = t.echo(ctx); err != nil || settled {
		return o, settled, err
	}
	if !t.job.Options.Resend.Allows(t.row) {
		return jobs.Outcome{Kind: jobs.InDoubt, ErrorCode: "not_sent_again",
			Error: "the answer was lost and no client is there; it may have been done, or have messaged a person, all the same"}, true, nil
	}
	if err := t.waitForEcho(ctx); err != nil {
		return o, false, err
	}
	if t.attempts >= t.job.Options.Attempts {
		return jobs.Outcome{Kind: jobs.Failed, ErrorCode: "no_answer", Error: "no client is there after the last attempt"}, true, nil
	}
	return o, false, nil
}

// stemsFrom tells whether a client can be what a row's lost create made: pending, or linked since
// the row's first attempt, or showing the row's number or address. A link that is older proves
// nothing. An ensure was sent when there was none at all.
func stemsFrom(c sunco.Client, r *jobs.Row, since time.Time) bool {
	if c.Type != r.Type || c.IntegrationID != r.IntegrationID {
		return false
	}
	return looksFirst(r.Op) || c.Status == sunco.StatusPending ||
		!c.LinkedAt.IsZero() && c.LinkedAt.After(since.Add(-clockSlack)) ||
		c.ExternalID != "" && sameContact(c.ExternalID, r)
}

// siblings yields the other creates of the batch for the same user, type and integration.
func (t *try) siblings() iter.Seq[*try] {
	return func(yield func(*try) bool) {
		for i := range t.tries {
			s := &t.tries[i]
			same := s.row.Op.Creates() && s.row.User == t.row.User && s.row.Type == t.row.Type && s.row.IntegrationID == t.row.IntegrationID
			if same && i != t.index && !yield(s) {
				return
			}
		}
	}
}

// claimed tells whether a client is known to be a sibling's.
func (t *try) claimed(c sunco.Client) bool {
	for s := range t.siblings() {
		if s.made != "" && s.made == c.ID || c.ExternalID != "" && sameContact(c.ExternalID, s.row) {
			return true
		}
	}
	return false
}

// ofSibling tells whether a sibling made the client of an id.
func (t *try) ofSibling(client string) bool {
	for s := range t.siblings() {
		if client != "" && s.made == client {
			return true
		}
	}
	return false
}

// rivals tells whether a client that is nobody's so far may be a sibling's: one that is in doubt as
// well, or that was done by an earlier delivery, whose client is not known here.
func (t *try) rivals() bool {
	for s := range t.siblings() {
		if s.made == "" && (s.doubt || t.rec.isDone(s.index)) {
			return true
		}
	}
	return false
}

func sameContact(externalID string, r *jobs.Row) bool {
	if r.Address != "" {
		return strings.EqualFold(externalID, r.Address)
	}
	return jobs.Digits(externalID) == jobs.Digits(r.PhoneNumber)
}
