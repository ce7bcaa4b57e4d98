package main

import (
	"context"
	"time"

	"github.com/sunbulk/sunbulk/enqueue"
	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/jobs"
)

// pickCanary reads the files once for the rows of the canary that the job's options ask for.
func (p *program) pickCanary(ctx context.Context, o jobFlags, c jobs.Canary, files *input.Files) ([]jobs.Row, error) {
	if c.Rows == 0 {
		return nil, nil
	}
	if name := files.Pipe(); name != "" {
		return nil, usage("--canary takes its rows from the whole input, and "+name+" can be read only once", "write it to a file, and give that")
	}
	cfg, err := o.input(p)
	if err != nil {
		return nil, err
	}
	cfg.Warn = nil // the reading that queues the rows says it
	reader, err := input.Open(ctx, files, cfg)
	if err != nil {
		return nil, p.orInterrupted(err)
	}
	defer reader.Close()
	reader.At(jobs.Filter{Now: o.expressions.now}.Time(time.Now()))
	rows := enqueue.Pick(until(ctx, records(reader)), c.Rows)
	return rows, p.orInterrupted(ctx.Err())
}

// until gives the rows until ctx ends.
func until(ctx context.Context, rows enqueue.Records) enqueue.Records {
	return func(yield func(jobs.Row, *jobs.Rejection) bool) {
		for row, rejection := range rows {
			if ctx.Err() != nil || !yield(row, rejection) {
				return
			}
		}
	}
}

// lookFirst is what to do about a job whose canary failed.
func lookFirst(job jobs.Job) string {
	return "look at its failed rows with 'sunbulk report " + job.ID + "'; 'sunbulk resume " + job.ID + "' goes on with the other rows, 'sunbulk cancel " + job.ID + "' ends it"
}
