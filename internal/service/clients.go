package service

import (
	"context"
	"encoding/json"
	"fmt"
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
	counted Clients
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
			f.counted.Unjudged++
			unjudged = "; a client could not be judged: " + err.Error()
		} else if holds {
			kept = append(kept, object)
		}
	}
	o.Detail = fmt.Sprintf("%d of %s kept%s", len(kept), jobs.Count(len(o.Clients), "client"), unjudged)
	f.counted.Found += int64(len(o.Clients))
	f.counted.Kept += int64(len(kept))
	o.Clients = kept
}
