package runs

import (
	"context"
	"errors"
	"time"
)

// leaseTime is how long a run stands still after the process that queues its rows has died.
const leaseTime = 10 * time.Second

// errLeased says that another process queues the rows of a run, or may by now.
var errLeased = errors.New("another process queues the rows of the run")

// leased does something that one process alone should do for a run, if no other is at it: else it
// returns errLeased, also when the lease is lost on the way. What it does ends then; that another begins it again
// meanwhile does no harm.
func (c *Conductor) leased(ctx context.Context, r Run, do func(context.Context) error) error {
	if c.alone {
		return do(ctx)
	}
	got, err := c.Lease(ctx, r.ID, c.cfg.Name, leaseTime)
	if err != nil {
		return err
	}
	if !got {
		return errLeased
	}
	held, end := context.WithCancelCause(ctx)
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		c.keepLease(held, r.ID, end)
	}()
	err = do(held)
	end(nil)
	<-kept
	if err != nil && errors.Is(context.Cause(held), errLeased) {
		return errLeased
	}
	free, stop := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer stop()
	_, freed := c.Lease(free, r.ID, c.cfg.Name, 0) // for the one that continues what an end of ctx has left
	return errors.Join(err, freed)
}

// keepLease renews a lease until ctx ends, and ends it when the lease is lost.
func (c *Conductor) keepLease(ctx context.Context, run string, end context.CancelCauseFunc) {
	defer end(errLeased)
	tick := time.NewTicker(leaseTime / 5)
	defer tick.Stop()
	for until := time.Now().Add(leaseTime); time.Now().Before(until); {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		asked := time.Now()
		got, err := c.Lease(ctx, run, c.cfg.Name, leaseTime)
		if err == nil && !got {
			return
		}
		if err == nil {
			until = asked.Add(leaseTime)
		}
	}
}
