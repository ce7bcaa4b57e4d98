package schedule

import (
	"context"
	"fmt"
	"time"
)

// claim is what a worker deals with: it moves a field of the schedule from one value to the next, so
// that one worker does.
type claim struct{ field, before, after string }

// pass deals with slots, or with a run that was asked for, without a run. It tells whether it was this
// worker that did.
func (s *Store) pass(ctx context.Context, name string, c claim, e Entry) (bool, error) {
	args := append([]any{c.field, c.before, c.after}, e.values()...)
	n, err := passScript.Run(ctx, s.rdb, []string{key(name), historyKey(name)}, args...).Int64()
	if err != nil {
		return false, fmt.Errorf("pass over slot: %w", err)
	}
	return n == 1, nil
}

// wait notes that a slot waits for the end of a run.
func (s *Store) wait(ctx context.Context, st standing, slot time.Time) error {
	if err := waitScript.Run(ctx, s.rdb, []string{key(st.name)}, millis(slot), st.last).Err(); err != nil {
		return fmt.Errorf("let slot wait: %w", err)
	}
	return nil
}

// take makes an order of a slot, or of a run that was asked for. The fence is 0 when another worker
// was first.
func (s *Store) take(ctx context.Context, name string, c claim, o order, lease time.Duration) (fence int64, err error) {
	fence, err = takeScript.Run(ctx, s.rdb, []string{key(name)}, c.field, c.before, c.after, o.String(), lease.Milliseconds()).Int64()
	if err != nil {
		return 0, fmt.Errorf("take order: %w", err)
	}
	return fence, nil
}

// hold takes an order over whose worker let it go or fell silent. The fence is 0 while it has not.
func (s *Store) hold(ctx context.Context, name string, o order, lease time.Duration) (fence int64, err error) {
	fence, err = holdScript.Run(ctx, s.rdb, []string{key(name)}, o.String(), lease.Milliseconds()).Int64()
	if err != nil {
		return 0, fmt.Errorf("take order over: %w", err)
	}
	return fence, nil
}

// keep sets for how long nobody takes an order over, and what is in its way, if anything. It tells
// whether the order is still this worker's.
func (s *Store) keep(ctx context.Context, name string, fence int64, lease time.Duration, trouble string) (bool, error) {
	n, err := keepScript.Run(ctx, s.rdb, []string{key(name)}, fence, lease.Milliseconds(), trouble).Int64()
	if err != nil {
		return false, fmt.Errorf("keep order: %w", err)
	}
	return n == 1, nil
}

// settle ends an order; run is the one that it started, if any. It tells whether the order was still
// this worker's.
func (s *Store) settle(ctx context.Context, name string, fence int64, run string, e Entry) (bool, error) {
	args := append([]any{fence, run}, e.values()...)
	n, err := settleScript.Run(ctx, s.rdb, []string{key(name), historyKey(name), runningKey(name)}, args...).Int64()
	if err != nil {
		return false, fmt.Errorf("settle order: %w", err)
	}
	return n == 1, nil
}

// ended notes the end of a run. It tells whether it was this worker that did.
func (s *Store) ended(ctx context.Context, name string, e Entry) (bool, error) {
	args := append([]any{e.Run}, e.values()...)
	n, err := endedScript.Run(ctx, s.rdb, []string{runningKey(name), historyKey(name)}, args...).Int64()
	if err != nil {
		return false, fmt.Errorf("note end of run: %w", err)
	}
	return n == 1, nil
}
