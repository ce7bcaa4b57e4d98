package worker

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
)

// Observer hears of a worker's doings, for metrics. Its methods are called from many goroutines and
// must not block.
type Observer interface {
	// Called hears of every call that was made.
	Called(app string, c Call)
	// Opened hears of every delivery of a batch that is to be worked.
	Opened(app string)
	// Committed hears what the ledger has accepted; finished says that it was the last of a batch.
	Committed(app string, outcomes []jobs.Outcome, finished bool)
}

// Probe is the Op of a call that is made for no row: it asks whether key, app and base URL are fine.
const Probe jobs.Op = "probe"

// Call is one request to the API. Its values come from small sets.
type Call struct {
	Op       jobs.Op // the row's, or Probe
	Look     bool    // a read that looks for what was sent and whose answer was lost
	Lookup   bool    // another read of a user or of conversations
	Status   string  // ok, the HTTP status of an error such as 429, other, no_answer or not_sent
	Answered bool
	Waited   time.Duration // for the circuit breaker, the pace and a place in flight
	Took     time.Duration
}

// answered tells whether an answer came; e is nil when the call succeeded.
func answered(e *sunco.Error) bool { return e == nil || e.Status != 0 }

func status(e *sunco.Error) string {
	switch {
	case e == nil:
		return "ok"
	case e.Status == 0 && e.Sent:
		return "no_answer"
	case e.Status == 0:
		return "not_sent"
	case http.StatusText(e.Status) == "": // a server may answer any number
		return "other"
	}
	return strconv.Itoa(e.Status)
}

// unobserved is the Observer of a worker that has none.
type unobserved struct{}

func (unobserved) Called(string, Call)                    {}
func (unobserved) Opened(string)                          {}
func (unobserved) Committed(string, []jobs.Outcome, bool) {}

// observed reports the batches of one app that pass through its Deliveries.
type observed struct {
	Deliveries
	observer Observer
	app      string
}

// Open is that of the Deliveries.
func (o observed) Open(ctx context.Context, job string, batch int64, c ledger.Claim, now time.Time) (ledger.Delivery, error) {
	d, err := o.Deliveries.Open(ctx, job, batch, c, now)
	if err == nil && d.Verdict == ledger.Opened {
		o.observer.Opened(o.app)
	}
	return d, err
}

// Commit is that of the Deliveries. One whose answer was lost comes again, and is reported once.
func (o observed) Commit(ctx context.Context, d ledger.Delivery, c ledger.Commit, now time.Time) (ledger.Receipt, error) {
	receipt, err := o.Deliveries.Commit(ctx, d, c, now)
	if err == nil && receipt.Accepted {
		o.observer.Committed(o.app, c.Outcomes, c.Progress.Finished())
	}
	return receipt, err
}
