package worker

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
)

// lastCommit is how long a commit may take after the delivery's context has ended: what is known
// of rows in doubt is worth a moment.
const lastCommit = 3 * time.Second

// commit does not give up before ctx ends, or soft has ended and nothing could be kept for a while: an outcome that
// is not in the ledger has not happened.
func (r *run) commit(ctx context.Context, c ledger.Commit) error {
	began := time.Now()
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, retryDelay) {
		receipt, err := r.rec.commit(ctx, c)
		r.kept(ctx, err)
		if err == nil {
			r.heed(ctx, receipt)
			return refusal(receipt)
		}
		if ctx.Err() != nil || r.soft.Err() != nil && time.Since(began) > lastCommit {
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(min(pause, lastCommit)):
		}
	}
}

// patience is how long a worker that is alone goes on though nothing can be kept.
const patience = 10 * time.Second

// notKept ends the serving of a job because what becomes of its rows cannot be kept.
type notKept struct{ error }

// kept notes whether something could be kept, and tells when that changes. A worker that is alone stops when nothing could for
// a while: somebody must mend that, and no other worker goes on meanwhile.
func (s *server) kept(ctx context.Context, err error) {
	switch now := time.Now().UnixNano(); {
	case err == nil:
		const long = time.Second // where some answers come and others do not, each would be a change
		if since := s.failing.Swap(0); since != 0 && now-since > int64(long) {
			s.log.Info("outcomes can be kept again")
		}
	case ctx.Err() != nil:
	case s.failing.CompareAndSwap(0, now):
		s.log.Warn("could not keep outcomes; trying again", "error", err)
	case s.cfg.Alone && now-s.failing.Load() > int64(patience):
		s.finish(notKept{err})
	}
}

// heed does what the job's standing asks after a commit.
func (r *run) heed(ctx context.Context, receipt ledger.Receipt) {
	if err := refusal(receipt); err != nil {
		r.log.Warn("commit refused", "batch", r.batch.Number, "error", err)
		r.stop(err)
		return
	}
	r.see(receipt.State)
	if r.soft.Err() != nil {
		return
	}
	if reason := r.job.Options.MaxFailures.Exceeded(receipt.Tally); reason != "" {
		r.pause(ctx, jobs.PauseFailures, reason)
	}
}

// refusal is why a commit was refused; nil when it was accepted.
func refusal(receipt ledger.Receipt) error {
	switch {
	case receipt.Lost:
		return errLost
	case !receipt.Accepted:
		return errStale
	}
	return nil
}

// reasonToPause says why a job was paused after an answer to a row that is not about the row, and what helps.
func reasonToPause(e *sunco.Error, row int64, v verdict) string {
	hint := "check the base URL and the app id"
	switch e.Status {
	case http.StatusUnauthorized:
		hint = "check the key id and secret, or the token"
	case http.StatusPaymentRequired:
		hint = "the account's plan does not allow this call"
	case http.StatusForbidden:
		hint = "the key is not allowed to do this; check its scope"
	}
	asked := ""
	switch {
	case v.fine:
		asked = ", and no row was accepted so far though it knows the app"
	case v.err != nil && v.err.Status != e.Status:
		asked = fmt.Sprintf(", and a probe of the app: %s", v.err)
	}
	return fmt.Sprintf("the API answered %s (row %d%s; %s)", e, row, asked, hint)
}
