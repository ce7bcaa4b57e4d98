package ledger

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	claimLife  = 90 * 24 * time.Hour // how long an input is remembered after it was queued
	claimGrace = 5 * time.Second     // between a claim and the job that it is for
)

var (
	//go:embed reclaim.lua
	reclaimLua string

	reclaimScript = redis.NewScript(reclaimLua)
)

func claimKey(app, fingerprint string) string { return "sunbulk:input:{" + app + "}:" + fingerprint }

// Claim remembers that a job runs an app's input, and returns the job that has it: this one, or an
// earlier one that still exists.
func (l *Ledger) Claim(ctx context.Context, app, fingerprint, job string) (holder string, err error) {
	key := claimKey(app, fingerprint)
	for {
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
		case errors.Is(err, ErrNoJob):
			if err := l.dropDeadClaim(ctx, key); err != nil {
				return "", fmt.Errorf("claim input: %w", err)
			}
		case !errors.Is(err, redis.Nil):
			return "", fmt.Errorf("claim input: %w", err)
		}
	}
}

// Reclaim gives the claim of an app's input from one job to another. It tells whether it was still the first's.
func (l *Ledger) Reclaim(ctx context.Context, app, fingerprint, from, to string) (bool, error) {
	moved, err := reclaimScript.Run(ctx, l.rdb, []string{claimKey(app, fingerprint)}, from, to, claimLife.Milliseconds()).Bool()
	if err != nil {
		return false, fmt.Errorf("claim input: %w", err)
	}
	return moved, nil
}

// dropDeadClaim forgets a claim whose job was never created, once that is sure: another process may
// be about to create it.
func (l *Ledger) dropDeadClaim(ctx context.Context, key string) error {
	const look = 100 * time.Millisecond
	left, err := l.rdb.PTTL(ctx, key).Result()
	if err != nil {
		return err
	}
	if claimLife-left > claimGrace {
		return l.rdb.Del(ctx, key).Err()
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(look):
		return nil
	}
}
