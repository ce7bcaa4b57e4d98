package ledger

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

var (
	//go:embed claimnotice.lua
	claimNoticeLua string
	//go:embed defernotice.lua
	deferNoticeLua string

	claimNoticeScript = redis.NewScript(claimNoticeLua)
	deferNoticeScript = redis.NewScript(deferNoticeLua)
)

// ClaimNotice takes the next attempt to deliver a notice of a job, which no other worker takes
// before the lease is over. The attempt counts from 1; it is 0 when it is another's turn, or too early. Settled says that
// nothing is owed, which without begin is also so when no attempt was ever made.
func (l *Ledger) ClaimNotice(ctx context.Context, job, notice string, begin bool, lease time.Duration) (attempt int64, settled bool, err error) {
	n, err := claimNoticeScript.Run(ctx, l.rdb, []string{key(job, "notices")}, notice, flag(begin), lease.Milliseconds()).Int64()
	if err != nil {
		return 0, false, fmt.Errorf("claim notice: %w", err)
	}
	return max(0, n), n < 0, nil
}

// DeferNotice lets any worker make the attempt after the given one once the pause is over.
func (l *Ledger) DeferNotice(ctx context.Context, job, notice string, attempt int64, pause time.Duration) error {
	err := deferNoticeScript.Run(ctx, l.rdb, []string{key(job, "notices")}, notice, attempt, pause.Milliseconds()).Err()
	if err != nil {
		return fmt.Errorf("defer notice: %w", err)
	}
	return nil
}

// SettleNotice ends all attempts to deliver a notice; how is one word, such as delivered.
func (l *Ledger) SettleNotice(ctx context.Context, job, notice, how string) error {
	if err := l.rdb.HSet(ctx, key(job, "notices"), notice, how).Err(); err != nil {
		return fmt.Errorf("settle notice: %w", err)
	}
	return nil
}
