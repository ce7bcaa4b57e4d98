package ledger

import (
	"context"
	_ "embed"
	"fmt"

	"github.com/redis/go-redis/v9"
)

var (
	//go:embed claimretry.lua
	claimRetryLua string

	claimRetryScript = redis.NewScript(claimRetryLua)
)

// ClaimRetry remembers that a job runs the failed rows of another again, those of a cause or, when it is
// empty, of all causes that no job has; and returns the job that has them: this one, or an earlier one,
// which need not have been created. same is false when that has them with those of all causes. From the job
// in place of which this one comes, if any, the rows are taken.
func (l *Ledger) ClaimRetry(ctx context.Context, of, cause, id, inPlaceOf string) (holder string, same bool, err error) {
	reply, err := claimRetryScript.Run(ctx, l.rdb, []string{key(of)}, cause, id, inPlaceOf).Slice()
	if err != nil {
		return "", false, fmt.Errorf("claim failed rows: %w", err)
	}
	return text(reply[0]), number(reply[1]) == 1, nil
}
