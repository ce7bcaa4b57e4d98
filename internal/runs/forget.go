package runs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"
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
	return c.Drop(ctx, r.ID) // last: the jobs' names come from the run
}

// Drop forgets a run without its jobs, whatever its record is.
func (s *Store) Drop(ctx context.Context, id string) error {
	// First from the list, or that would name a run that is gone.
	if err := s.rdb.ZRem(ctx, allRuns, id).Err(); err != nil {
		return fmt.Errorf("forget run: %w", err)
	}
	if err := s.rdb.Unlink(ctx, key(id), "sunbulk:{"+id+"}:notices").Err(); err != nil {
		return fmt.Errorf("forget run: %w", err)
	}
	return nil
}

// Listed tells whether the id of a run is among all, whatever its record is.
func (s *Store) Listed(ctx context.Context, id string) (bool, error) {
	err := s.rdb.ZScore(ctx, allRuns, id).Err()
	if errors.Is(err, redis.Nil) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for run: %w", err)
	}
	return true, nil
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
