package runs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/queue"
	"github.com/sunbulk/sunbulk/jobs"
)

// Config of a Conductor. A zero field means the default that its comment states.
type Config struct {
	Name   string       // of this process, different in each; required
	Apps   []string     // whose runs it moves; required
	Note   func(string) // hears what is odd about the input of a run that is begun; default: nobody does
	Logger *slog.Logger // default: nothing is logged
}

// Conductor moves runs from step to step: when the job of a step has finished, it queues the rows that
// came through as the next one's. Any number of processes may have one.
type Conductor struct {
	*Store
	ledger *ledger.Ledger
	queues *queue.Queues
	cfg    Config
	ended  map[string]bool // runs that are not looked at again
}

// New returns a Conductor on rdb, which the caller closes after it.
func New(rdb redis.UniversalClient, codec *jobs.Codec, cfg Config) *Conductor {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Conductor{NewStore(rdb), ledger.New(rdb, codec), queue.New(rdb, codec), cfg, map[string]bool{}}
}

// interval is how long the end of a step may go unseen.
const interval = 500 * time.Millisecond

// Run moves the runs of the apps until ctx ends.
func (c *Conductor) Run(ctx context.Context) {
	tick, hourly := time.NewTicker(interval), time.NewTicker(time.Hour)
	defer tick.Stop()
	defer hourly.Stop()
	for ctx.Err() == nil {
		if err := c.moveAll(ctx); err != nil && ctx.Err() == nil {
			c.cfg.Logger.Warn("could not look for runs", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		case now := <-hourly.C:
			if err := c.prune(ctx, now); err != nil && ctx.Err() == nil {
				c.cfg.Logger.Warn("could not forget runs of long ago", "error", err)
			}
		}
	}
}

func (c *Conductor) moveAll(ctx context.Context) error {
	ids, err := c.IDs(ctx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if c.ended[id] {
			continue
		}
		if err := c.Move(ctx, id); err != nil && ctx.Err() == nil {
			c.cfg.Logger.Warn("could not move a run", "run", id, "error", err)
		}
	}
	return nil
}

// Move looks at a run once and does what is next, if anything is. A run that cannot go on is paused with
// the reason.
func (c *Conductor) Move(ctx context.Context, id string) error {
	r, err := c.Store.Run(ctx, id)
	if err != nil {
		return err
	}
	if r.State.Ended() || !c.mine(&r) {
		c.ended[id] = true
		return nil
	}
	job, err := c.ledger.Job(ctx, r.Job(r.Step))
	if err != nil && !errors.Is(err, ledger.ErrNoJob) {
		return err
	}
	switch {
	case r.State == jobs.Paused:
		return c.keep(ctx, job)
	case job.State == jobs.Cancelled:
		return c.Cancel(ctx, id, "", fmt.Sprintf("step %s was cancelled: %s", r.Runbook.Steps[r.Step].Name, job.Reason))
	case job.State == jobs.Finished:
		return c.advance(ctx, r, job)
	case !job.Sealed && (r.Step > 0 || !r.Local):
		return c.leased(ctx, r, func(ctx context.Context) error { return c.queue(ctx, r, nil) })
	}
	return nil
}

func (c *Conductor) mine(r *Run) bool {
	for _, app := range c.cfg.Apps {
		if app == r.Runbook.App {
			return true
		}
	}
	return false
}

// keep pauses the job of a paused run.
func (c *Conductor) keep(ctx context.Context, job jobs.Job) error {
	if job.State != jobs.Running && job.State != jobs.Enqueuing {
		return nil
	}
	return c.ledger.Pause(ctx, job.ID, "", "the run is paused")
}

func (c *Conductor) advance(ctx context.Context, r Run, job jobs.Job) error {
	if err := c.Advance(ctx, r); err != nil {
		return err
	}
	c.cfg.Logger.Info("a step of a run has finished", "run", r.ID, "step", r.Runbook.Steps[r.Step].Name, "job", job.ID)
	return nil
}

// leaseTime is how long a run stands still after the process that queues its rows has died.
const leaseTime = 10 * time.Second

// leased does something that one process alone should do for a run, if no other is at it. What it does
// ends when the lease cannot be kept; that another begins it anew meanwhile does no harm.
func (c *Conductor) leased(ctx context.Context, r Run, do func(context.Context) error) error {
	got, err := c.Lease(ctx, r.ID, c.cfg.Name, leaseTime)
	if err != nil || !got {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		c.keepLease(ctx, r.ID, cancel)
	}()
	err = do(ctx)
	cancel()
	<-kept
	free, stop := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer stop()
	_, freed := c.Lease(free, r.ID, c.cfg.Name, 0) // for whoever goes on with what an end of ctx has left
	return errors.Join(err, freed)
}

func (c *Conductor) keepLease(ctx context.Context, id string, lost context.CancelFunc) {
	defer lost()
	tick := time.NewTicker(leaseTime / 5)
	defer tick.Stop()
	until := time.Now().Add(leaseTime)
	for time.Now().Before(until) {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		asked := time.Now()
		got, err := c.Lease(ctx, id, c.cfg.Name, leaseTime)
		if err == nil && !got {
			return
		}
		if err == nil {
			until = asked.Add(leaseTime)
		}
	}
}
