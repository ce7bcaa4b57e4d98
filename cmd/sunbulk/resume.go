package main

import (
	"context"
	"fmt"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/jobs"
)

// resumeEnqueue reads a job's input again and queues what is missing of it. The job keeps its own
// options; those that say how rows are read must be the same.
func (p *program) resumeEnqueue(ctx context.Context, o jobFlags, redis, id string, files *input.Files) error {
	if err := jobs.CheckID(id); err != nil {
		return usage(err.Error(), "'sunbulk jobs' lists the jobs")
	}
	in, err := p.openIntake(ctx, o, redis, files)
	if err != nil {
		return err
	}
	defer in.close()
	job, err := in.store.ledger.Job(ctx, id)
	switch {
	case err != nil:
		return err
	case job.State.Ended():
		return usage(fmt.Sprintf("job %s is %s", id, job.State), "nothing can be added to it")
	case job.Fingerprint == "" || in.fingerprint == "":
		return usage("the input is, or was, a pipe, and cannot be compared", "only a job that was queued from files can be resumed, from the same files")
	case job.Fingerprint != in.fingerprint:
		return usage(fmt.Sprintf("this is not the input of job %s, or it is read in another way", id),
			"give the same files in the same order, and the same --op, --set, --map, --where, --var, --now and --allow-duplicates")
	}
	canary, err := p.pickCanary(ctx, o, job.Options.Canary, files)
	if err != nil {
		return err
	}
	in.reader.At(job.Options.Time(job.Created))
	s := &session{store: in.store, memory: in.store.ledger, job: id, batch: job.Options.BatchSize, canary: canary}
	return p.queue(ctx, s, records(in.reader), in.reader.Inputs)
}

// lostBatches counts the batches of a job that are not finished and in no queue: deleted or
// archived by hand, or queued after the copy that Redis was restored from.
func (s *store) lostBatches(ctx context.Context, job jobs.Job) (n int64, err error) {
	if !job.Sealed || job.State.Ended() {
		return 0, nil
	}
	unfinished, err := s.ledger.Unfinished(ctx, job.ID, job.Batches)
	if err != nil {
		return 0, err
	}
	for _, err := range s.queues.Lost(ctx, job.ID, unfinished) {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}
