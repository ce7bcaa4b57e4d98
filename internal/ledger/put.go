package ledger

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/jobs"
)

// Put adds outcomes or rejections that were kept elsewhere to a job that Restore has made; they are counted already.
func (l *Ledger) Put(ctx context.Context, id string, c jobs.Chunk) error {
	var rows span
	switch {
	case len(c.Outcomes) > 0:
		rows = spanOf(c.Outcomes, func(o *jobs.Outcome) int64 { return o.Row.Number })
	case len(c.Rejections) > 0:
		rows = spanOf(c.Rejections, func(r *jobs.Rejection) int64 { return r.Number })
	default:
		return nil
	}
	return l.put(ctx, id, "outcomes", l.codec.EncodeChunk(c), rows)
}

// PutAttempts is Put for encoded attempts of a job with so many rows.
func (l *Ledger) PutAttempts(ctx context.Context, id string, encoded []byte, rows int64) error {
	return l.put(ctx, id, "attempts", encoded, span{1, rows})
}

func (l *Ledger) put(ctx context.Context, id, stream string, encoded []byte, rows span) error {
	if err := l.rdb.XAdd(ctx, &redis.XAddArgs{Stream: key(id, stream), Values: []any{"c", encoded, "r", rows.String()}}).Err(); err != nil {
		return fmt.Errorf("restore %s: %w", stream, err)
	}
	return nil
}

// LinkTexts returns all that is known of the links of a job, as PutLinks takes it.
func (l *Ledger) LinkTexts(ctx context.Context, id string) ([]string, error) {
	parts, err := l.rdb.HGetAll(ctx, key(id, "links")).Result()
	if err != nil {
		return nil, fmt.Errorf("read links: %w", err)
	}
	return slices.Sorted(maps.Values(parts)), nil
}

// PutLinks joins texts that LinkTexts has returned into the links of a job whose outcomes are there, and counts its links.
func (l *Ledger) PutLinks(ctx context.Context, id string, texts []string) error {
	if err := l.IndexClients(ctx, id); err != nil {
		return err
	}
	known := map[int64]jobs.Link{}
	for _, text := range texts {
		jobs.DecodeLinks(text, func(row int64, link jobs.Link) { known[row] = link })
	}
	if len(known) == 0 {
		return nil
	}
	for chunk, err := range l.Chunks(ctx, id) {
		if err != nil {
			return err
		}
		var changes []LinkChange
		for i := range chunk.Outcomes {
			o := &chunk.Outcomes[i]
			link, ok := known[o.Row.Number]
			if !ok {
				continue
			}
			made, _ := o.Made()
			changes = append(changes, LinkChange{Row: o.Row.Number, Made: made, Link: link, Code: o.ErrorCode})
		}
		if _, err := l.JoinLinks(ctx, id, changes); err != nil {
			return err
		}
	}
	return nil
}
