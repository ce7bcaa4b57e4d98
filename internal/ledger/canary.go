package ledger

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

var (
	//go:embed canary.lua
	canaryLua string

	canaryScript = redis.NewScript(canaryLua)
)

// CanaryState says how a job's canary stands.
type CanaryState string

// The states of a canary.
const (
	CanaryRunning  CanaryState = "running"
	CanaryFinished CanaryState = "finished" // every row has an outcome; no other row was called
	CanaryOver     CanaryState = "over"     // the other rows may be called
)

// Canary tells how a job's canary stands, and how long ago it was finished, by Redis' clock.
func (l *Ledger) Canary(ctx context.Context, id string) (CanaryState, time.Duration, error) {
	reply, err := canaryScript.Run(ctx, l.rdb, []string{key(id), key(id, "finished")}).Slice()
	if err != nil {
		return "", 0, fmt.Errorf("look at the canary: %w", err)
	}
	return CanaryState(text(reply[0])), time.Duration(number(reply[1])) * time.Millisecond, nil
}

// EndCanary lets the batches behind the job's canary be opened.
func (l *Ledger) EndCanary(ctx context.Context, id string) error {
	if err := l.rdb.HSet(ctx, key(id), canaryField, 0).Err(); err != nil {
		return fmt.Errorf("end the canary: %w", err)
	}
	return nil
}
