package worker

import (
	"context"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
)

// A pending client of a verify step is not asked for while the app's webhook works: its events tell. These times say when a webhook is taken to work.
const (
	echoWait   = time.Minute      // for the client:add of a create, before its client is asked for
	quietAfter = time.Minute      // without any event of the app, one client in each such time is asked for
	newsPause  = 20 * time.Second // between two looks at what events have told
)

// appWebhook is what a server knows of the webhook that reports its clients. All times are ms since 1970.
type appWebhook struct {
	heard   atomic.Int64 // when the last event of the app came; 0 = never
	missed  atomic.Int64 // when a client was found to have changed without an event
	sampled atomic.Int64 // when a client was last asked for because no event came
	silent  atomic.Bool  // what the log said last
}

// works tells whether events are expected to tell what becomes of clients.
func (w *appWebhook) works(now time.Time) bool {
	heard := w.heard.Load()
	return heard > w.missed.Load() && w.speaks(now)
}

// speaks tells whether an event of the app came lately. Where none does, what is known of a link may be of long ago.
func (w *appWebhook) speaks(now time.Time) bool {
	return now.UnixMilli()-w.heard.Load() < ledger.SilentAfter.Milliseconds()
}

// sample tells whether a client is to be asked for to find out whether the webhook works. It is true once in a while.
func (w *appWebhook) sample(now time.Time) bool {
	ms, last := now.UnixMilli(), w.sampled.Load()
	since := max(last, w.heard.Load())
	return ms-since > quietAfter.Milliseconds() && w.sampled.CompareAndSwap(last, ms)
}

// news is what is known of the client of a verify row.
type news struct {
	row  ledger.ClientRow // that made it, of the job before; Row is 0 when it is not known
	link jobs.Link
}

// follows tells whether the clients of the job's verify rows were made by a job whose links are followed.
func (r *run) follows() bool { return r.job.Options.Origin.Made != "" && !r.cfg.Alone }

// learn reads what events have reported about the clients of the batch's undone rows, in a few calls of Redis. What cannot be read is asked of the API.
func (r *run) learn(ctx context.Context) {
	var tries []*try
	var keys []ledger.ClientKey
	for i := range r.tries {
		if t := &r.tries[i]; t.row.Op.Waits() && t.row.ClientID != "" && !r.rec.isDone(i) {
			t.news = news{}
			tries, keys = append(tries, t), append(keys, ledger.ByClient(t.row.ClientID))
		}
	}
	if len(tries) == 0 || !r.follows() {
		return
	}
	if err := r.read(ctx, tries, keys); err != nil {
		r.log.Warn("could not read what events have reported about clients: the API is asked", "batch", r.batch.Number, "error", err)
	}
}

func (r *run) read(ctx context.Context, tries []*try, keys []ledger.ClientKey) error {
	made := r.job.Options.Origin.Made
	if err := r.ledger.IndexClients(ctx, made); err != nil {
		return err
	}
	ago, ever, err := r.ledger.Heard(ctx, r.job.Options.App)
	if err != nil {
		return err
	}
	if ever {
		r.webhook.heard.Store(time.Now().Add(-ago).UnixMilli())
	}
	r.tellOfWebhook()
	found, err := r.ledger.FindClients(ctx, made, keys)
	if err != nil {
		return err
	}
	var rows []int64
	for i := range found {
		if len(found[i]) == 0 && r.job.Options.Origin.Run == "" { // an event has named the client of a create in doubt: its row stands with the verify
			if c, err := jobs.DecodeCarry(tries[i].row.Carry); err == nil && c.Row > 0 {
				found[i] = []ledger.ClientRow{{Row: c.Row}}
			}
		}
		if len(found[i]) > 0 {
			rows = append(rows, found[i][0].Row)
		}
	}
	links, err := r.ledger.Links(ctx, made, rows)
	if err != nil {
		return err
	}
	for i, some := range found {
		if len(some) == 0 {
			continue
		}
		if link := links[some[0].Row]; some[0].Made.State != "" || link.Client == tries[i].row.ClientID {
			tries[i].news = news{some[0], link}
		}
	}
	return nil
}

// tellOfWebhook logs when polling begins, and when it ends.
func (r *run) tellOfWebhook() {
	silent := !r.webhook.works(time.Now())
	if silent == r.webhook.silent.Swap(silent) {
		return
	}
	switch {
	case silent && r.webhook.heard.Load() == 0: // as where there is no webhook
		r.log.Info("no webhook reports the clients: the API is asked about those that are pending", "app", r.job.Options.App)
	case silent:
		r.log.Warn("no webhook reports the clients: the API is asked about those that are pending", "app", r.job.Options.App)
	default:
		r.log.Info("a webhook reports the clients: the API is not asked about those", "app", r.job.Options.App)
	}
}

// byEvent returns what events have told for good of a verify row's client; false when the API is to be asked, as it is where no webhook tells.
func (t *try) byEvent() (o jobs.Outcome, ok bool) {
	link := t.news.link
	if !link.Known() || !t.webhook.speaks(time.Now()) {
		return o, false
	}
	o = jobs.Outcome{Kind: jobs.Failed, ClientID: t.row.ClientID, ErrorCode: codeLinkFailed}
	switch now := link.Now(); now.State {
	case jobs.LinkActive:
		return jobs.Outcome{Kind: jobs.OK, ClientID: t.row.ClientID, ClientStatus: sunco.StatusActive, Detail: toldByEvent}, true
	case jobs.LinkFailed:
		o.Error = "an event says that the link failed: " + now.Cause
		return o, !strings.HasPrefix(now.Cause, jobs.CauseBlocked)
	case jobs.LinkCancelled:
		o.Error = "an event says that the person cancelled the link"
	case jobs.LinkTaken:
		o.Error = "an event says that another user has the client"
	default:
		return o, false
	}
	return o, true
}

const (
	codeLinkFailed = "link_failed"
	toldByEvent    = "told by an event"
)

// expects tells whether an event will say what becomes of a pending client, so that the API is not asked.
func (t *try) expects(now time.Time) bool {
	waited := now.Sub(t.delivery.Since)
	if t.news.row.Row == 0 || waited >= t.job.Options.Within || !t.webhook.works(now) {
		return false
	}
	return (t.news.link.Known() || waited < echoWait) && !t.webhook.sample(now)
}

// hears notes what a list, asked for at a time, has shown of the client of a verify row. It becomes known of the link, too.
func (t *try) hears(ctx context.Context, asked time.Time, c sunco.Client, found bool) {
	if t.news.row.Row == 0 || found && c.Status == sunco.StatusPending {
		return
	}
	seen := jobs.Observation{State: jobs.LinkFailed, At: asked, Cause: jobs.CauseBlocked}
	switch {
	case !found:
		seen.Cause, seen.Gone = "gone", true
	case c.Status == sunco.StatusActive:
		seen.State, seen.Cause = jobs.LinkActive, ""
		if !c.LinkedAt.IsZero() {
			seen.At = c.LinkedAt
		}
	}
	if t.news.link.Known() && t.news.link.Now().State == jobs.LinkPending { // an event was to tell this
		t.webhook.missed.Store(max(t.webhook.missed.Load(), t.webhook.heard.Load()))
	}
	change := ledger.LinkChange{Row: t.news.row.Row, Made: t.news.row.Made}
	change.Link.Observe(seen)
	if _, err := t.ledger.JoinLinks(ctx, t.job.Options.Origin.Made, []ledger.LinkChange{change}); err != nil {
		t.log.Warn("what a list has shown of a link is not noted", "row", t.row.Number, "error", err)
	}
}
