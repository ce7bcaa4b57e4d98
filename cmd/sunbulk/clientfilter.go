package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/sunbulk/sunbulk/internal/expression"
	"github.com/sunbulk/sunbulk/internal/report"
	"github.com/sunbulk/sunbulk/jobs"
)

// filteredSource leaves those of the found clients out of a report for which a condition does not
// hold. The ledger keeps them all.
type filteredSource struct {
	report.Source
	condition *expression.Condition
	values    []string
	now       time.Time

	found, kept, unjudged int64
}

// newFilteredSource returns a filter of the job's clients, or nil when it has none.
func newFilteredSource(job jobs.Job, src report.Source) (*filteredSource, error) {
	c, err := clientCondition(job.Options.Filter)
	if c == nil {
		return nil, err
	}
	return &filteredSource{Source: src, condition: c, values: make([]string, len(c.Fields())), now: job.Options.Time(job.Created)}, nil
}

// Chunks gives outcomes with the clients that are kept. Their details say how many are not.
func (f *filteredSource) Chunks(ctx context.Context) iter.Seq2[jobs.Chunk, error] {
	return func(yield func(jobs.Chunk, error) bool) {
		for chunk, err := range f.Source.Chunks(ctx) {
			for i := range chunk.Outcomes {
				f.filter(&chunk.Outcomes[i])
			}
			if !yield(chunk, err) {
				return
			}
		}
	}
}

func (f *filteredSource) filter(o *jobs.Outcome) {
	if len(o.Clients) == 0 {
		return
	}
	kept, unjudged := []json.RawMessage{}, ""
	for _, object := range o.Clients {
		holds, err := f.holds(&o.Row, object)
		if err != nil {
			f.unjudged++
			unjudged = "; a client could not be judged: " + err.Error()
		} else if holds {
			kept = append(kept, object)
		}
	}
	o.Detail = fmt.Sprintf("%d of %d clients kept%s", len(kept), len(o.Clients), unjudged)
	f.found += int64(len(o.Clients))
	f.kept += int64(len(kept))
	o.Clients = kept
}

func (f *filteredSource) holds(row *jobs.Row, object json.RawMessage) (bool, error) {
	var client map[string]report.Cell
	if err := json.Unmarshal(object, &client); err != nil {
		return false, errors.New("it is no JSON object")
	}
	for i, field := range f.condition.Fields() {
		switch {
		case field.Source == expression.Client:
			f.values[i] = string(client[field.Name])
		case field.Name == "user":
			f.values[i] = row.User
		default:
			f.values[i] = row.BrandID
		}
	}
	return f.condition.Holds(f.values, f.now)
}

// describe says how many clients were kept, if any were found.
func (f *filteredSource) describe(w io.Writer) {
	if f.found > 0 {
		fmt.Fprintf(w, "clients found: %s; kept by --where: %s\n", group(f.found), group(f.kept))
	}
	if f.unjudged > 0 {
		fmt.Fprintf(w, "warning: clients that --where could not judge, and that are in no file: %s\n", group(f.unjudged))
		fmt.Fprintln(w, "hint: results.csv has the rows that found them, and the cause in its column detail")
	}
}
