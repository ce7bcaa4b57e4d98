package runs

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// keepScheduled is how long a run that a schedule began is kept after its end: nobody would forget them by
// hand, and they would fill Redis.
const keepScheduled = 90 * 24 * time.Hour

// Forget drops all that is known of a run that has ended, its jobs too; ErrIllegal when it has not.
func (c *Conductor) Forget(ctx context.Context, r Run) error {
	if !r.State.Ended() {
		return fmt.Errorf("run %s is %s: %w", r.ID, r.State, ErrIllegal)
	}
	for i := range r.Runbook.Steps {
		job := r.Job(i)
		if err := c.ledger.Forget(ctx, job); err != nil {
			return err
		}
		if err := c.queues.Drop(ctx, job); err != nil {
			return err
		}
	}
	// The jobs' names come from the run, so it goes last; from the list first, or that would name a run that is gone.
	if err := c.rdb.ZRem(ctx, allRuns, r.ID).Err(); err != nil {
		return fmt.Errorf("forget run: %w", err)
	}
	if err := c.rdb.Unlink(ctx, key(r.ID), "sunbulk:{"+r.ID+"}:notices").Err(); err != nil {
		return fmt.Errorf("forget run: %w", err)
	}
	return nil
}

// prune forgets the runs of schedules that ended long ago.
func (c *Conductor) prune(ctx context.Context, now time.Time) error {
	ids, err := c.IDs(ctx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		r, err := c.Store.Run(ctx, id)
		if err != nil { // another version's
			c.cfg.Logger.Warn("could not look how old a run is", "run", id, "error", err)
			continue
		}
		if r.Schedule == "" || !r.State.Ended() || now.Sub(r.Ended) < keepScheduled || !slices.Contains(c.cfg.Apps, r.Runbook.App) {
			continue
		}
		if err := c.Forget(ctx, r); err != nil {
			return err
		}
		c.cfg.Logger.Info("forgot a scheduled run of long ago", "run", id)
	}
	return nil
}
