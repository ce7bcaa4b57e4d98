package service

import (
	"context"
	"iter"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
)

// chunksAtATime are looked up together: some thousand rows.
const chunksAtATime = 20

// withLinks yields chunks of a job's outcomes with what became known of their links since.
func (s *Service) withLinks(ctx context.Context, id string, chunks iter.Seq2[jobs.Chunk, error]) iter.Seq2[jobs.Chunk, error] {
	return func(yield func(jobs.Chunk, error) bool) {
		has, err := s.ledger.HasLinks(ctx, id)
		if err != nil {
			yield(jobs.Chunk{}, err)
			return
		}
		if !has {
			chunks(yield)
			return
		}
		var held []jobs.Chunk
		release := func() bool {
			if err := s.settleLinks(ctx, id, held); err != nil {
				yield(jobs.Chunk{}, err)
				return false
			}
			for _, c := range held {
				if !yield(c, nil) {
					return false
				}
			}
			clear(held)
			held = held[:0]
			return true
		}
		for c, err := range chunks {
			if err != nil {
				yield(c, err)
				return
			}
			if held = append(held, c); len(held) == chunksAtATime && !release() {
				return
			}
		}
		release()
	}
}

// settleLinks puts what is known of links into outcomes.
func (s *Service) settleLinks(ctx context.Context, id string, chunks []jobs.Chunk) error {
	var rows []int64
	for _, c := range chunks {
		for i := range c.Outcomes {
			if o := &c.Outcomes[i]; o.Row.Op.Creates() {
				rows = append(rows, o.Row.Number)
			}
		}
	}
	known, err := s.ledger.Links(ctx, id, rows)
	if err != nil {
		return err
	}
	for _, c := range chunks {
		for i := range c.Outcomes {
			c.Outcomes[i].Settle(known[c.Outcomes[i].Row.Number])
		}
	}
	return nil
}

// LinkView is what became of the client that a create left; empty where there is none.
type LinkView struct {
	Link      jobs.LinkState `json:"link,omitempty"`
	LinkError string         `json:"linkError,omitempty"`
	LinkAt    time.Time      `json:"linkAt,omitzero"`
}

func linkView(o jobs.Observation) LinkView { return LinkView{o.State, o.Cause, o.At} }
