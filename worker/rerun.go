package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
)

// Reruns is where creates that run rows of earlier jobs again claim those before they are sent: the ledger itself, or files
// beside the reports of those jobs. Who has a claim gets it again.
type Reruns interface {
	ClaimRow(ctx context.Context, lineage jobs.Lineage, by jobs.RowRef) (holder jobs.RowRef, err error)
}

// codeElsewhere is the cause of rows that another job has run again.
const codeElsewhere = "rerun_elsewhere"

// errUnclaimed says that nobody knows yet whether the row may be sent.
var errUnclaimed = errors.New("the row could not be claimed")

// claim makes sure that no other job has sent, or will send, what the row runs again (I2). Settled is true when one has it, with the
// row's outcome.
func (t *try) claim(ctx context.Context) (o jobs.Outcome, settled bool, err error) {
	if t.mine || t.row.Lineage == "" {
		return o, false, nil
	}
	me := jobs.RowRef{Job: t.job.ID, Row: t.row.Number}
	holder, err := t.cfg.Reruns.ClaimRow(ctx, t.row.Lineage, me)
	switch {
	case err != nil:
		t.kept(ctx, err)
		t.quiet = time.Now().Add(retryDelay)
		return o, false, errUnclaimed
	case holder == me:
		t.mine = true
		return o, false, nil
	}
	by := "job " + holder.Job
	if holder.Job == me.Job {
		by = "this job"
	}
	refs := t.row.Lineage.Refs()
	from := refs[len(refs)-1]
	return jobs.Outcome{Kind: jobs.Failed, ErrorCode: codeElsewhere,
		Error: fmt.Sprintf("not sent: row %d of job %s is already run again as row %d of %s", from.Row, from.Job, holder.Row, by)}, true, nil
}
