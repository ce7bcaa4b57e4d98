package ledger

import (
	"context"
	"fmt"

	"github.com/sunbulk/sunbulk/jobs"
)

// PlacedChunk is a chunk of outcomes with its place among the commits.
type PlacedChunk struct {
	Place string // sorts by time; later chunks have greater ones
	jobs.Chunk
}

// ChunksFrom returns up to count chunks in the order of their commits, from the one at a place; empty = from the first.
// Chunks are only ever added at the end, so a place holds while the job runs.
func (l *Ledger) ChunksFrom(ctx context.Context, id, place string, count int64) ([]PlacedChunk, error) {
	if place == "" {
		place = "-"
	}
	entries, err := l.rdb.XRangeN(ctx, key(id, "outcomes"), place, "+", count).Result()
	if err != nil {
		return nil, fmt.Errorf("read outcomes: %w", err)
	}
	chunks := make([]PlacedChunk, 0, len(entries))
	for _, e := range entries {
		c, err := l.codec.DecodeChunk([]byte(text(e.Values["c"])))
		if err != nil {
			return nil, err
		}
		chunks = append(chunks, PlacedChunk{e.ID, c})
	}
	return chunks, nil
}
