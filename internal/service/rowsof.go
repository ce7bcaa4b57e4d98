package service

import (
	"context"
	"maps"
	"slices"
)

// RowsOf returns the numbers of the rows of a job that are of a user, as the input names it, in their order: of rows with an outcome, of rejected
// records that have it in any cell, and of rows that wait. It reads the whole job and keeps the first rows that it finds; more says
// that there are others.
func (s *Service) RowsOf(ctx context.Context, id, user string, most int) (rows []int64, more bool, err error) {
	job, err := s.Job(ctx, id)
	if err != nil {
		return nil, false, err
	}
	found := map[int64]bool{}
	add := func(row int64) {
		if len(found) <= most {
			found[row] = true
		}
	}
	src := s.Source(job, nil)
	for chunk, err := range src.Chunks(ctx) {
		if err != nil {
			return nil, false, err
		}
		for i := range chunk.Outcomes {
			if o := &chunk.Outcomes[i]; o.Row.User == user {
				add(o.Row.Number)
			}
		}
		for i := range chunk.Rejections {
			if r := &chunk.Rejections[i]; slices.Contains(r.Values, user) {
				add(r.Number)
			}
		}
	}
	for row, err := range src.Rows(ctx) {
		if err != nil {
			return nil, false, err
		}
		if row.User == user {
			add(row.Number)
		}
	}
	rows = slices.Sorted(maps.Keys(found))
	more = len(rows) > most
	return rows[:min(most, len(rows))], more, ctx.Err()
}
