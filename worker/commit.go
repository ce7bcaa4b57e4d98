package worker

import (
	"context"
	"fmt"
	"time"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/sunco"
)

// lastCommit is how long a commit may take after the delivery's context has ended: what is known
// of rows in doubt is worth a moment.
const lastCommit = 3 * time.Second

// commit does not give up before ctx ends: an outcome that is not in the ledger has not happened.
func (r *run) commit(ctx context.Context, c ledger.Commit) error {
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, retryDelay) {
		receipt, err := r.rec.commit(ctx, c)
		if err == nil {
			r.heed(ctx, receipt)
			if !receipt.Accepted {
				return errStale
			}
			return nil
		}
		if ctx.Err() != nil {
			return err
		}
		r.log.Warn("could not commit outcomes; trying again", "batch", r.batch.Number, "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// heed does what the job's standing asks after a commit.
func (r *run) heed(ctx context.Context, receipt ledger.Receipt) {
	if !receipt.Accepted {
		r.log.Warn("commit refused: another delivery has the batch", "batch", r.batch.Number)
		r.stop(errStale)
		return
	}
	r.see(receipt.State)
	if r.soft.Err() != nil {
		return
	}
	if reason := r.job.Options.MaxFailures.Exceeded(receipt.Tally); reason != "" {
		r.pause(ctx, reason)
	}
}

// reasonToPause says why a job was paused after an answer that is not about the row, and what helps.
func reasonToPause(e *sunco.Error) string {
	hint := "check the base URL and the app id"
	switch e.Status {
	case 401:
		hint = "check the key id and secret, or the token"
	case 402:
		hint = "the account's plan does not allow this call"
	case 403:
		hint = "the key is not allowed to do this; check its scope"
	}
	return fmt.Sprintf("the API answered %s (%s)", e, hint)
}
