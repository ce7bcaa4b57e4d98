package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"

	"github.com/sunbulk/sunbulk/internal/expression"
	"github.com/sunbulk/sunbulk/internal/report"
	"github.com/sunbulk/sunbulk/jobs"
)

// filteredSource leaves those of the found clients out of a report for which a condition does not
// hold. The ledger keeps them all.
type filteredSource struct {
	report.Source
	clients *expression.Clients

	found, kept, unjudged int64
}

// newFilteredSource returns a filter of the job's clients, or nil when it has none.
func newFilteredSource(job jobs.Job, src report.Source) (*filteredSource, error) {
	c, err := expression.NewClients(job.Options.Filter, job.Created)
	if c == nil {
		return nil, err
	}
	return &filteredSource{Source: src, clients: c}, nil
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
		client, err := expression.ParseClient(object)
		holds := false
		if err == nil {
			holds, err = f.clients.Keep(&o.Row, client)
		}
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
