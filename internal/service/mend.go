package service

import (
	"context"
	"fmt"

	"github.com/sunbulk/sunbulk/enqueue"
	"github.com/sunbulk/sunbulk/jobs"
)

// mend lets the rows of a job that have no outcome, although their batches are finished, be queued again: Redis has lost what became of them. They are looked for
// at the API before anything of them is sent (I2, I10).
func (s *Service) mend(ctx context.Context, job jobs.Job, by string) (*enqueue.Mending, error) {
	number, err := s.ledger.Mend(ctx, job.ID, by, "rows without an outcome are queued again")
	if err != nil {
		return nil, err
	}
	finished, err := s.ledger.Finished(ctx, job.ID) // before the outcomes are read: all of a batch that is finished are there
	if err != nil {
		return nil, err
	}
	done, err := s.settled(ctx, job)
	if err != nil {
		return nil, err
	}
	return &enqueue.Mending{Finished: finished, Settled: done.has, Reopen: func(ctx context.Context, batch int64, p jobs.Progress) error {
		return s.ledger.Reopen(ctx, job.ID, number, batch, p)
	}}, nil
}

// settledRows are those with an outcome, a bit each.
type settledRows struct {
	bits  []byte
	count int64
}

func (r *settledRows) has(row int64) bool {
	i := row / 8
	return row > 0 && i < int64(len(r.bits)) && r.bits[i]&(1<<(row%8)) != 0
}

func (r *settledRows) add(row int64) {
	if row < 1 || r.has(row) {
		return
	}
	if missing := row/8 + 1 - int64(len(r.bits)); missing > 0 {
		r.bits = append(r.bits, make([]byte, missing)...)
	}
	r.bits[row/8] |= 1 << (row % 8)
	r.count++
}

// mostMended bounds what is remembered of a job's rows (I6): 128 MiB.
const mostMended = 1 << 30

// settled reads which rows of a job have an outcome.
func (s *Service) settled(ctx context.Context, job jobs.Job) (*settledRows, error) {
	if job.Tally.Read > mostMended {
		return nil, fmt.Errorf("job %s counts %d rows, more than can be looked through", job.ID, job.Tally.Read)
	}
	rows := &settledRows{}
	for chunk, err := range s.ledger.Chunks(ctx, job.ID) {
		if err != nil {
			return nil, err
		}
		for _, o := range chunk.Outcomes {
			if o.Row.Number <= job.Tally.Read {
				rows.add(o.Row.Number)
			}
		}
		for _, r := range chunk.Rejections {
			if r.Number <= job.Tally.Read {
				rows.add(r.Number)
			}
		}
	}
	return rows, nil
}

// lacks tells whether a job has rows without an outcome that nothing will give them: it is finished, or was being mended when that was cut off.
func (s *Service) lacks(ctx context.Context, job jobs.Job) (bool, error) {
	if job.Mending {
		return true, nil
	}
	if job.State != jobs.Finished {
		return false, nil
	}
	rows, err := s.settled(ctx, job)
	return err == nil && rows.count < job.Tally.Read, err
}
