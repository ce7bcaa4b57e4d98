package worker

import (
	"context"
	"encoding/json"
	"time"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/webhook"
	"github.com/sunbulk/sunbulk/jobs"
)

// echo decides about a create whose client no list shows, by the events of the app's webhook that wait for their row: its link may have failed, been
// cancelled or taken since it was made (I2). Settled is false when none can be about it so far; errEarly when one may come.
func (t *try) echo(ctx context.Context) (o jobs.Outcome, settled bool, err error) {
	if t.cfg.Alone {
		return o, false, nil
	}
	since := t.delivery.Since.Add(-clockSlack)
	kept, err := t.ledger.EventsOf(ctx, t.job.Options.App, t.row.User, since)
	if err != nil {
		return o, false, t.unread(ctx, err)
	}
	made, ended := t.toldBy(kept, since)
	switch {
	case len(made) > 1 || len(made) == 1 && t.rivals():
		return jobs.Outcome{Kind: jobs.InDoubt, ErrorCode: codeSeveral, Error: "events name clients of the user that may be this row's or another's"}, true, nil
	case len(made) == 1:
		o = jobs.Outcome{Kind: jobs.OK, Detail: "adopted: an event names it"}
		for client, state := range made {
			o.ClientID, o.ClientStatus = client, string(state)
		}
		return o, true, nil
	case t.awaits():
		t.quiet = time.Now().Add(echoPause)
		return o, false, errEarly
	case ended:
		if err := t.waitForEcho(ctx); err != nil { // for the event that names the client
			return o, false, err
		}
		return jobs.Outcome{Kind: jobs.InDoubt, ErrorCode: codeEndedUnseen,
			Error: "the answer was lost and no client is there; an event says that a link of the user has ended or moved meanwhile, and it may be this row's"}, true, nil
	}
	return o, false, nil
}

// toldBy returns the clients that the row's create may have made, with the states of their links then; ended says that there is an event of a link whose
// beginning no event tells.
func (t *try) toldBy(kept []ledger.KeptEvent, since time.Time) (made map[string]jobs.LinkState, ended bool) {
	made = map[string]jobs.LinkState{}
	later := map[string]bool{}
	for _, k := range kept {
		var e webhook.Event
		if json.Unmarshal(k.Data, &e) != nil || !e.MayBeOf(t.row, t.taken) || e.At.Before(since) && !e.At.IsZero() || t.ofSibling(e.Client) {
			continue
		}
		switch {
		case e.Linked:
			made[e.Client] = e.Link.State
		case e.OfLink():
			later[e.Client] = true
		}
	}
	for client := range later {
		if _, known := made[client]; !known {
			return made, true
		}
	}
	return made, false
}

// echoPause is between two looks for events of a create that no list shows.
const echoPause = 5 * time.Second

// awaits tells whether an event may come yet that shows the row's create. The API is not asked meanwhile.
func (t *try) awaits() bool { return time.Now().Before(t.due) }

// waitForEcho returns errEarly while an event may come that shows the row's create: where the app's webhook speaks, what it does not tell by then did
// not happen.
func (t *try) waitForEcho(ctx context.Context) error {
	if t.cfg.Alone {
		return nil
	}
	ago, ever, err := t.ledger.Heard(ctx, t.job.Options.App)
	if err != nil {
		return t.unread(ctx, err)
	}
	now := time.Now()
	if ever {
		t.webhook.heard.Store(now.Add(-ago).UnixMilli())
	}
	last := t.since // an earlier delivery may have sent it until then
	if t.sent.After(last) {
		last = t.sent
	}
	due := last.Add(echoWait)
	if !t.webhook.speaks(now) || !now.Before(due) {
		return nil
	}
	t.due = due
	t.remark("no client is there; an event may name one")
	t.quiet = now.Add(echoPause)
	return errEarly
}

// unread notes that Redis could not say what events have told.
func (t *try) unread(ctx context.Context, err error) error {
	t.kept(ctx, err)
	t.quiet = time.Now().Add(retryDelay)
	return errEarly
}
