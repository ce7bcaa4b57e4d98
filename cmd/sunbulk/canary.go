package main

import (
	"context"
	"fmt"
	"time"

	"github.com/sunbulk/sunbulk/enqueue"
	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/jobs"
)

// canaryOption checks the flags of the canary.
func (j *jobFlags) canaryOption(limit jobs.Threshold) (jobs.Canary, error) {
	switch {
	case j.canary.Rows < 0 || j.canary.Rows > jobs.MaxCanary:
		return jobs.Canary{}, usage(fmt.Sprintf("--canary is not between 0 and %d", jobs.MaxCanary), "50 rows are enough to find what is wrong with many")
	case j.canary.Wait < 0:
		return jobs.Canary{}, usage("--canary-wait is negative", "")
	case j.canary.Rows == 0: // or the wait alone would make options differ
		return jobs.Canary{}, nil
	case j.evaluates() && j.expressions.now == "":
		return jobs.Canary{}, usage("--canary reads the input twice, and with expressions needs --now, so that both readings judge alike", "e.g. --now "+time.Now().UTC().Format(time.RFC3339))
	case limit.Percent >= 100:
		return jobs.Canary{}, usage("--canary has no use with --max-failures 100%, which never pauses", "give the share of failed rows that is too many, such as 20%")
	}
	return j.canary, nil
}

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
