package worker

import (
	"context"
	"sync"
)

// callers are the goroutines of a job that make attempts, at most as many as calls may be in flight.
// They are kept from row to row, because each new one would have to grow its stack first.
type callers struct {
	work   chan func()
	places chan struct{} // one is taken by each caller that was started
	all    sync.WaitGroup
}

func newCallers(most int) *callers {
	return &callers{work: make(chan func()), places: make(chan struct{}, most)}
}

// do has one of the callers do the work, as soon as one is free. It returns false, and the work is not
// begun, when ctx ends before.
func (c *callers) do(ctx context.Context, work func()) bool {
	select {
	case c.work <- work:
		return true
	default:
	}
	select {
	case c.work <- work:
	case c.places <- struct{}{}:
		c.all.Go(func() {
			for ok := true; ok; work, ok = <-c.work {
				work()
			}
		})
	case <-ctx.Done():
		return false
	}
	return true
}

// end returns when no caller is left. Nothing may be done after it.
func (c *callers) end() {
	close(c.work)
	c.all.Wait()
}
