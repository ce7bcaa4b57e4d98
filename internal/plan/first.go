package plan

import (
	"iter"
	"strings"

	"github.com/sunbulk/sunbulk/jobs"
)

// MaxFirst is how many of the first rows can be shown.
const MaxFirst = 100

// First is one of the first rows as it would be sent, or why it would not be. It is no part of a plan, which is kept in files (I7).
type First struct {
	Row      int64             `json:"row"`
	Line     int64             `json:"line"`
	Op       jobs.Op           `json:"op,omitempty"`
	Values   map[string]string `json:"values,omitempty"`   // by path; those that are empty are left out
	Filtered bool              `json:"filtered,omitempty"` // left out by --where
	Rejected string            `json:"rejected,omitempty"` // why
}

// Watch passes rows on, each with its rejection or nil, and appends the first n of them to first.
func Watch(rows iter.Seq2[jobs.Row, *jobs.Rejection], n int, first *[]First) iter.Seq2[jobs.Row, *jobs.Rejection] {
	return func(yield func(jobs.Row, *jobs.Rejection) bool) {
		for row, rejection := range rows {
			if len(*first) < n {
				*first = append(*first, firstOf(&row, rejection))
			}
			if !yield(row, rejection) {
				return
			}
		}
	}
}

func firstOf(row *jobs.Row, r *jobs.Rejection) First {
	f := First{Row: row.Number, Line: row.Line}
	switch {
	case r != nil && r.Filtered:
		f.Filtered = true
	case r != nil:
		f.Row, f.Line, f.Rejected = r.Number, r.Line, strings.TrimSpace(r.Column+" "+r.Cause)
	default:
		f.Op, f.Values = row.Op, map[string]string{}
		for _, c := range jobs.Columns() {
			if text := *c.Field(row); text != "" {
				f.Values[c.Path] = strings.Clone(text)
			}
		}
	}
	return f
}
