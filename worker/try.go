package worker

import (
	"context"
	"errors"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
)

// operation makes one attempt of a row: with an error when a call did not succeed, else with the
// row's outcome.
type operation func(ctx context.Context, t *try) (jobs.Outcome, error)

// operations is the registration: one line per operation. It never changes.
var operations = map[jobs.Op]operation{
	jobs.Create: create,
	jobs.Ensure: ensure,
	jobs.List:   list,
	jobs.Remove: remove,
	jobs.Verify: verify,

	jobs.EnsureUser:         ensureUser,
	jobs.EnsureConversation: ensureConversation,
}

// try is what a delivery knows of one undone row.
type try struct {
	*run
	index    int       // in the batch
	row      *jobs.Row // with the id of its integration, once that is known
	resolved bool      // the row gives its integration by an id, or by what is taken for one
	attempts int       // used
	looks    int       // that failed, in this delivery
	lastCall jobs.Op   // what kind the last call was: create, list, remove, or one of kinds.go
	answered bool      // it succeeded
	looked   bool      // the last call was a look
	doubt    bool      // what was sent may have been done without an answer
	unsure   bool      // doubt comes from what Redis has lost alone, and the create of an ensure was not announced
	sent     time.Time // of the last create
	quiet    time.Time // before it, a lost create is not looked for, a pending client not asked for, and a row not claimed again
	due      time.Time // until then an event may show a lost create that no list shows
	mine     bool      // no other job may send what the row runs again
	made     string    // id of the client that this delivery's create made or adopted, or that an ensure found
	taken    string    // id of the conversation that was looked up, made or found
	calls    int       // made in this delivery
	spent    time.Duration
	free     time.Time      // when the last call ended
	recent   []jobs.Attempt // calls of this attempt that are worth telling
	told     int            // calls that were, in this delivery
	omitted  int            // of them, since the last that was kept

	news news

	streak  streak
	refused time.Time // when the last call was, as a key is refused

	ruling ruling       // on the last attempt
	last   *sunco.Error // of the last attempt; nil when it did not fail
}

// once makes one attempt.
func (t *try) once(ctx context.Context) (jobs.Outcome, error) {
	if !t.resolved {
		return t.resolve(ctx)
	}
	attempt, known := operations[t.row.Op]
	if !known {
		return jobs.Outcome{}, &sunco.Error{Title: "this version of sunbulk does not know the operation", Err: sunco.ErrInvalid}
	}
	return attempt(ctx, t)
}

// call makes one call of an operation at the pace of the app, and counts it. do heeds the job's timeout.
// A read for a row in doubt is a look. Its error is always a *sunco.Error.
func (t *try) call(ctx context.Context, op jobs.Op, do func(context.Context) error) error {
	asked := time.Now()
	leave, err := t.lane.enter(t.soft)
	if err != nil {
		return stopped()
	}
	if err := t.announced(ctx, op); err != nil || !t.hold.valid(t.epoch) {
		leave(stopped(), 0)
		if errors.Is(err, errUnreplicated) {
			return &sunco.Error{Title: err.Error(), Err: err}
		}
		return stopped()
	}
	if !t.window.open(time.Now()) {
		leave(stopped(), 0)
		t.stand()
		return stopped()
	}
	start := time.Now()
	next := t.answered && !t.looked && isRead(t.lastCall) && (op != jobs.List || t.lastCall == listIntegrations) // it repeats nothing: a create behind a list or a lookup, and the like
	t.lastCall, t.looked = op, isRead(op) && t.doubt
	if makes(op) {
		t.sent = start
	}
	t.streak.begin(t.evidence, op)
	t.inFlight.Add(1)
	err = do(ctx)
	took := time.Since(start)
	t.inFlight.Add(-1)
	t.called.Add(1)
	var failure *sunco.Error
	if err != nil {
		failure = asError(err)
	}
	if alone := t.streak.throttledAlone(); alone && failure != nil && failure.Status == statusTooMany {
		leave(stopped(), took)
	} else {
		leave(failure, took)
	}
	t.evidence.heard(op, t.row, start, failure, t.streak.throttledAlone())
	t.streak.end(failure)
	t.answered = failure == nil
	t.rec.called(called{first: t.attempts == 0 && (t.calls == 0 || next), look: t.looked, lookup: t.looksUp(), took: took, failure: failure})
	t.cfg.Observer.Called(t.job.Options.App, Call{
		Op: t.row.Op, Look: t.looked, Lookup: t.looksUp(), Status: status(failure), Answered: answered(failure), Waited: start.Sub(asked), Took: took,
	})
	t.note(start, took, failure)
	t.calls++
	t.spent += took
	if failure != nil {
		return failure
	}
	return nil
}

// looksUp tells whether the last call was a lookup, and no look.
func (t *try) looksUp() bool { return isLookup(t.lastCall) && !t.looked }

// query is what every call of the row carries.
func (t *try) query() sunco.Query {
	return sunco.Query{BrandID: t.row.BrandID, Timeout: t.job.Options.Timeout}
}

// stopped is the error of a call that was not begun.
func stopped() *sunco.Error {
	return &sunco.Error{Title: "stopped before the call", Err: context.Canceled}
}

// announces tells whether a row's create is announced in the ledger before it is sent. Others are
// covered by the arming of the pass: after a crash they are looked for, sent or not. Of those that
// reach a person each would end in doubt, and an ensure would take a client that was there before
// for its own.
func announces(r *jobs.Row) bool { return r.Messages() || looksFirst(r.Op) }

// announced tells the ledger that a create is about to be sent, where the row announces it. Of one that messages a person replicas must know, too,
// where the worker wants that.
func (t *try) announced(ctx context.Context, op jobs.Op) error {
	if op != jobs.Create || !announces(t.row) {
		return nil
	}
	if !t.hold.valid(t.epoch) {
		return context.Canceled
	}
	replicas := 0
	if t.row.Messages() {
		replicas = t.cfg.Replicas
	}
	if replicas > 0 && !t.replicas.mayAsk(time.Now()) {
		t.quiet = time.Now().Add(retryDelay)
		return errUnreplicated
	}
	receipt, err := t.rec.announce(ctx, t.index, replicas)
	if replicas > 0 && (err == nil || errors.Is(err, errUnreplicated)) {
		t.heardOfReplicas(receipt, err)
	}
	if err == nil {
		if err = refusal(receipt); err != nil {
			t.stop(err)
		}
	}
	return err
}

// asError returns err as a *sunco.Error; another error is one that may have come after sending.
func asError(err error) *sunco.Error {
	if e, ok := sunco.AsError(err); ok {
		return e
	}
	return &sunco.Error{Title: err.Error(), Sent: true, Err: err}
}

// errEarly says that a lost create cannot be looked for yet.
var errEarly = errors.New("the API may still be at work on the call")

// fail notes what a failed attempt means. A doubt ends only with a look or an answer, and a look
// proves nothing before the time is over that a call may take.
func (t *try) fail(err error) {
	if errors.Is(err, errEarly) || errors.Is(err, errPending) || errors.Is(err, errUnclaimed) || errors.Is(err, errUnreplicated) || errors.Is(err, errResolved) {
		t.ruling.move = later
		return
	}
	t.last = asError(err)
	t.ruling = rule(t.lastCall, t.last)
	t.doubt = t.doubt || t.ruling.doubt
	if quiet := t.sent.Add(t.job.Options.Timeout); t.ruling.doubt && unanswered(t.last) && quiet.After(t.quiet) {
		t.quiet = quiet
	}
}

// use counts the attempt that failed, or the look.
func (t *try) use() {
	if t.looked {
		t.looks++
		return
	}
	t.attempts++
	t.rec.use(t.index)
}

// failure is the outcome of a row whose last attempt failed.
func (t *try) failure(kind jobs.Kind) jobs.Outcome {
	o := jobs.Outcome{Kind: kind, ErrorCode: "no_answer", Error: "the answer was lost"}
	if t.last != nil {
		o.HTTPStatus, o.ErrorCode, o.Error = t.last.Status, code(t.last), t.last.Title
	}
	return o
}

// finished completes an outcome with what every outcome holds.
func (t *try) finished(o jobs.Outcome) jobs.Outcome {
	o.Row = *t.row
	if o.Kind.Done() {
		o.Row = t.row.Key()
	}
	o.ConversationID = t.taken
	used := t.attempts
	if !t.looked {
		used++ // the one that settled it
	}
	o.Attempts = max(1, min(used, t.job.Options.Attempts))
	o.Duration = t.spent
	o.FinishedAt = time.Now().UTC()
	return o
}
