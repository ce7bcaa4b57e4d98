package worker

import (
	"context"
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
	jobs.List:   list,
	jobs.Remove: remove,
}

// try is what a delivery knows of one undone row.
type try struct {
	*run
	index    int // in the batch
	row      *jobs.Row
	attempts int    // used
	doubt    bool   // a create may have been done without an answer
	made     string // id of the client that this delivery's create made or adopted
	calls    int    // made in this delivery
	spent    time.Duration

	ruling ruling       // on the last attempt
	last   *sunco.Error // of the last attempt; nil when it did not fail
}

// once makes one attempt.
func (t *try) once(ctx context.Context) (jobs.Outcome, error) {
	attempt, known := operations[t.row.Op]
	if !known {
		return jobs.Outcome{}, &sunco.Error{Title: "this version of sunbulk does not know the operation", Err: sunco.ErrInvalid}
	}
	return attempt(ctx, t)
}

// call makes one call at the pace of the app, with the job's timeout, and counts it. Its error is
// always a *sunco.Error.
func (t *try) call(ctx context.Context, look bool, do func(context.Context) error) error {
	stopped := &sunco.Error{Title: "stopped before the call", Err: context.Canceled}
	leave, err := t.app.enter(t.soft)
	if err != nil {
		return stopped
	}
	if !t.hold.valid(t.epoch) || t.announced(ctx, look) != nil {
		leave(stopped)
		return stopped
	}
	limit := ctx
	if t.job.Options.Timeout > 0 {
		var cancel context.CancelFunc
		limit, cancel = context.WithTimeout(ctx, t.job.Options.Timeout)
		defer cancel()
	}
	start := time.Now()
	err = do(limit)
	took := time.Since(start)
	var failure *sunco.Error
	if err != nil {
		failure = asError(err)
	}
	leave(failure)
	t.rec.called(t.calls == 0 && t.attempts == 0, look, took, failure)
	t.calls++
	t.spent += took
	if failure != nil {
		return failure
	}
	return nil
}

// announced tells the ledger that a create that reaches a person is about to be sent. Other rows
// are covered by the arming of the pass: after a crash they are looked for, sent or not, while each
// of these would end in doubt.
func (t *try) announced(ctx context.Context, look bool) error {
	if look || !t.row.Messages() {
		return nil
	}
	receipt, err := t.rec.announce(ctx, t.index)
	if err == nil && !receipt.Accepted {
		t.stop(errStale)
		return errStale
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

// fail notes what a failed attempt means. A doubt ends only with a look or an answer.
func (t *try) fail(err error) {
	t.last = asError(err)
	t.ruling = rule(t.row.Op, t.last)
	t.doubt = t.doubt || t.ruling.doubt
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
	o.Attempts = max(1, min(t.attempts+1, t.job.Options.Attempts))
	o.Duration = t.spent
	o.FinishedAt = time.Now().UTC()
	return o
}
