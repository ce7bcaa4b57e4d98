package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// claimLife is how long an input is remembered after it was queued.
const claimLife = 90 * 24 * time.Hour

func claimKey(app, fingerprint string) string { return "sunbulk:input:{" + app + "}:" + fingerprint }

// Claim remembers that a job runs an app's input, and returns the job that has it: this one, or an
// earlier one that still exists.
func (l *Ledger) Claim(ctx context.Context, app, fingerprint, job string) (holder string, err error) {
	key := claimKey(app, fingerprint)
	for range 3 {
		won, err := l.rdb.SetNX(ctx, key, job, claimLife).Result()
		if err != nil {
			return "", fmt.Errorf("claim input: %w", err)
		}
		if won {
			return job, nil
		}
		holder, err := l.rdb.Get(ctx, key).Result()
		if err == nil && holder != job {
			_, _, err = l.Standing(ctx, holder)
		}
		switch {
		case err == nil:
			return holder, nil
		case errors.Is(err, ErrNoJob): // it died before it was created
			if err := l.rdb.Del(ctx, key).Err(); err != nil {
				return "", fmt.Errorf("claim input: %w", err)
			}
		case !errors.Is(err, redis.Nil):
			return "", fmt.Errorf("claim input: %w", err)
		}
	}
	return "", errors.New("claim input: others are claiming it")
}
