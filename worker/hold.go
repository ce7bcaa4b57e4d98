package worker

import (
	"context"
	"sync"
	"time"

	"github.com/sunbulk/sunbulk/internal/ledger"
)

// holdFor is how long after a heartbeat a worker may start calls. Others take its batches only
// ledger.Patience after it, so that a worker that was stopped, or lost Redis, is silent before.
const holdFor = 5 * time.Second

// hold is a server's right to call for its batches: it lapses without heartbeats. Each lapse
// begins a new epoch, in which a batch must be confirmed by the ledger before its next call.
type hold struct {
	mu    sync.Mutex
	count int64
	until time.Time
}

// extend notes a heartbeat that was sent at the time sent.
func (h *hold) extend(sent time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !sent.Before(h.until) {
		h.count++
	}
	h.until = sent.Add(holdFor)
}

// epoch names the unbroken time since the last lapse.
func (h *hold) epoch() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.count
}

// wait blocks until there have been heartbeats lately, and returns the epoch.
func (h *hold) wait(ctx context.Context) (int64, error) {
	const look = 50 * time.Millisecond
	for {
		if epoch := h.epoch(); h.valid(epoch) {
			return epoch, nil
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(look):
		}
	}
}

// valid tells whether calls may start now for what was confirmed in the epoch.
func (h *hold) valid(epoch int64) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.count == epoch && time.Now().Before(h.until)
}

// beat sends a heartbeat.
func (s *server) beat(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, ledger.BeatInterval)
	defer cancel()
	sent := time.Now()
	seen, err := s.compare(ctx)
	if err != nil {
		return err
	}
	s.hold.extend(sent)
	s.owe(seen.Generation)
	return nil
}

// pulse is what the worker says of itself.
func (s *server) pulse() ledger.Pulse {
	p := ledger.Pulse{InFlight: s.inFlight.Load(), Calls: s.called.Load(), Doing: ledger.Calling}
	switch {
	case s.soft.Err() != nil:
		p.Doing = ledger.Stopping
	case s.replicas.lacking():
		p.Doing = ledger.Unreplicated
	case s.calls.taken.Load() >= s.calls.most:
		p.Doing = ledger.Full
	}
	return p
}

// live sends heartbeats, and queues the batches of workers that send none again, until ctx ends.
func (s *server) live(ctx context.Context) {
	tick := time.NewTicker(ledger.BeatInterval)
	defer tick.Stop()
	stopping := s.soft.Done()
	for {
		select {
		case <-ctx.Done():
			return
		case <-stopping:
			stopping = nil // at once: the command that paused the job waits to hear what is still in flight
		case <-tick.C:
		}
		err := s.beat(ctx)
		if err == nil {
			err = s.adopt(ctx)
		}
		if err != nil && ctx.Err() == nil {
			s.log.Warn("redis does not answer; calls stop until it does", "error", err)
		}
	}
}

// adopt queues the orphans of the job again. The fence keeps their old worker's commits out.
func (s *server) adopt(ctx context.Context) error {
	orphans, err := s.ledger.Orphans(ctx, s.job.ID, s.cfg.Name)
	if err != nil {
		return err
	}
	for _, o := range orphans {
		if _, mine := s.running.Load(o.Batch); mine {
			continue
		}
		queued, err := s.queues.Again(ctx, s.job.ID, o.Batch, o.Fence)
		if err != nil {
			return err
		}
		if queued {
			s.log.Warn("queued the batch of a silent worker again", "batch", o.Batch, "worker", o.Worker)
		}
	}
	return nil
}
