package worker

import (
	"context"
	"errors"
	"time"

	"github.com/sunbulk/sunbulk/internal/ledger"
)

// compare gives a heartbeat, and notes what that shows of the record.
func (s *server) compare(ctx context.Context) (ledger.Seen, error) {
	before, era := s.memory.before()
	seen, err := s.ledger.Beat(ctx, s.job.ID, s.cfg.Name, s.pulse())
	if err == nil {
		s.memory.seen(seen.Confirmed, before, era)
	}
	return seen, err
}

// owe asks for a report unless the worker has reported to a generation.
func (s *server) owe(generation int64) {
	if generation != s.reported.Load() {
		s.memory.notice()
	}
}

// report tells the record what this worker knows that it may lack, and queues again what is lost of it. It compares first: the one who asks for a report may
// not have seen the count of the record as it is now, and one that reports nothing lets others open what it has done.
func (s *server) report(ctx context.Context) error {
	s.reporting.Lock()
	defer s.reporting.Unlock()
	if _, err := s.compare(ctx); err != nil {
		s.memory.notice()
		return err
	}
	lost := s.memory.take()
	lacking, err := s.lacking(ctx, lost)
	var generation int64
	if err == nil {
		generation, err = s.ledger.Report(ctx, s.job.ID, s.cfg.Name, lost, lacking)
	}
	if err != nil {
		s.memory.give(lost)
		s.memory.notice()
		return err
	}
	s.reported.Store(generation)
	if lost == 0 {
		return nil
	}
	s.log.Warn("redis went back: it has lost what it had confirmed; what this worker opened is looked for before it is sent", "writes", lost, "batches", len(lacking))
	for _, k := range lacking {
		if k.Fence == 0 {
			err = errors.Join(err, s.queueLost(ctx, k.Batch))
		}
	}
	return err
}

// lacking returns what the record may lack of what the worker opened.
func (s *server) lacking(ctx context.Context, lost int64) ([]ledger.Known, error) {
	if lost == 0 {
		return nil, nil
	}
	finished, err := s.ledger.Finished(ctx, s.job.ID)
	if err != nil {
		return nil, err
	}
	return s.memory.known(finished), nil
}

// queueLost queues a batch whose end is lost: its task may have been dropped after Redis went back.
func (s *server) queueLost(ctx context.Context, batch int64) error {
	open, there, err := s.ledger.Opened(ctx, s.job.ID, batch)
	if err != nil || !there || open.Worker != "" && open.Worker != s.cfg.Name {
		return err
	}
	if payload := s.memory.payload(batch); payload != nil {
		return s.queues.Put(ctx, s.job.ID, s.job.InCanary(), batch, open.Fence, payload)
	}
	_, err = s.queues.Again(ctx, s.job.ID, batch, open.Fence)
	return err
}

// lastReport is made before the worker leaves the job.
func (s *server) lastReport(ctx context.Context) error {
	if err := s.beat(ctx); err != nil {
		return err
	}
	select {
	case <-s.memory.noticed:
		return s.report(ctx)
	default:
		return nil
	}
}

// reports reports when there is something to, until ctx ends.
func (s *server) reports(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.memory.noticed:
		}
		if err := s.report(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("could not report what redis has lost", "error", err)
			select {
			case <-ctx.Done():
			case <-time.After(retryDelay / 5):
			}
		}
	}
}
