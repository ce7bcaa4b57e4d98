package main

import (
	"context"
	"fmt"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/jobs"
)

// resumeEnqueue reads a job's input again and queues what is missing of it. The job keeps its own
// options; those that say how rows are read must be the same. Of a pipe, its records are compared as they come.
func (p *program) resumeEnqueue(ctx context.Context, o jobFlags, redis, id string, files *input.Files) error {
	if err := jobs.CheckID(id); err != nil {
		return usage(err.Error(), "'sunbulk jobs' lists the jobs")
	}
	in, err := p.openIntake(ctx, o, redis, files)
	if err != nil {
		return err
	}
	defer in.close()
	job, err := in.store.Job(ctx, id)
	retry, retried := job.Retry()
	switch {
	case err != nil:
		return err
	case job.State.Ended():
		return usage(fmt.Sprintf("job %s is %s", id, job.State), "nothing can be added to it")
	case job.Fingerprint == "":
		return usage(fmt.Sprintf("job %s is a step of a runbook, or its input is not known", id), "'sunbulk status "+id+"' tells where it stands")
	case retried:
		return usage(fmt.Sprintf("job %s runs failed rows of job %s again", id, retry.Of), "'"+retry.Command()+"' goes on with it")
	case job.Piped() && job.Sealed:
		return usage(fmt.Sprintf("job %s was queued from a pipe, to its end", id), "lost batches are queued again from files only; 'sunbulk report "+id+"' tells the rows that have no outcome")
	case job.Fingerprint != in.work.fingerprint:
		return usage(fmt.Sprintf("this is not the input of job %s, or it is read in another way", id),
			"give the same files in the same order, and the same --op, --set, --map, --where, --var, --now and --allow-duplicates")
	}
	canary, err := p.pickCanary(ctx, o, job.Options.Canary, files)
	if err != nil {
		return err
	}
	in.reader.At(job.Options.Time(job.Created))
	s := in.store.session(job.Options)
	s.piped, s.canary = in.work.piped, canary
	if err := p.goOn(ctx, s, job); err != nil {
		return err
	}
	return p.queue(ctx, s, records(in.reader), in.reader.Inputs)
}
