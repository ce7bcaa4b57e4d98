package ledger

import (
	"context"
	_ "embed"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/jobs"
)

var (
	//go:embed claimrow.lua
	claimRowLua string

	claimRowScript = redis.NewScript(claimRowLua)
)

// ClaimRow remembers that a row runs others of earlier jobs again, and returns the row that has the claim: this one, or one of which it
// is no rerun. A row has it for good, until a rerun of itself takes it over. The claim is kept with the first of the jobs, which
// need not be one of this Redis, for 90 days after the last one.
func (l *Ledger) ClaimRow(ctx context.Context, lineage jobs.Lineage, by jobs.RowRef) (holder jobs.RowRef, err error) {
	refs := lineage.Refs()
	if len(refs) == 0 {
		return by, nil
	}
	first := refs[0]
	args := []any{first.Row, by.String(), claimLife.Milliseconds()}
	for _, r := range refs[1:] {
		args = append(args, r.String())
	}
	reply, err := claimRowScript.Run(ctx, l.rdb, []string{key(first.Job, "reruns")}, args...).Text()
	if err != nil {
		return holder, fmt.Errorf("claim row %s: %w", first, err)
	}
	holder, ok := jobs.ParseRowRef(reply)
	if !ok {
		return holder, fmt.Errorf("claim row %s: %q has it, which is no row of a job", first, jobs.Line(reply))
	}
	return holder, nil
}
