package local

import (
	"context"
	"slices"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/localredis"
	"github.com/sunbulk/sunbulk/internal/queue"
	"github.com/sunbulk/sunbulk/internal/report"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/jobs"
)

// backend is the Redis in the process, with what is kept there.
type backend struct {
	*service.Service
	redis  *localredis.Redis
	ledger *ledger.Ledger
	queues *queue.Queues
}

func newBackend() (*backend, error) {
	redis, err := localredis.Start()
	if err != nil {
		return nil, err
	}
	s, err := service.New(redis.Client())
	if err != nil {
		redis.Close()
		return nil, err
	}
	return &backend{s, redis, ledger.New(redis.Client(), s.Codec()), queue.New(redis.Client(), s.Codec())}, nil
}

// open begins the candidate's job, or continues the one whose journal is in its folder. Note hears how it goes.
func (b *backend) open(ctx context.Context, c candidate, note func(string)) (*Job, error) {
	j := &Job{backend: b, Out: c.out, batch: c.Options.BatchSize}
	before, there, err := Peek(c.out)
	switch {
	case err != nil:
		return nil, inFolder(c.out, err)
	case there:
		err = j.goOn(ctx, before.Job, &c.Head, note)
	default:
		err = j.begin(ctx, c)
	}
	if err != nil {
		j.closeFolder()
		return nil, err
	}
	j.ID, j.created = c.Job, c.Created
	if !c.Options.Simulated {
		j.reruns = newReruns(j.ledger, c)
	}
	j.piped = slices.ContainsFunc(c.Inputs, func(in Input) bool { return !in.Known() })
	return j, nil
}

// goOn takes the job that has the folder, and makes the head that of it.
func (j *Job) goOn(ctx context.Context, id string, head *Head, note func(string)) (err error) {
	if j.folder, err = report.Open(j.Out, id); err != nil {
		return inFolder(j.Out, err)
	}
	if j.journal, *head, err = Resume(ctx, j.Out, *head, j.ledger, j.Codec()); err != nil {
		return inFolder(j.Out, err)
	}
	note("going on with job " + id + " in " + j.Out)
	for _, change := range j.journal.Changes() {
		note(change.String())
	}
	return nil
}

// begin makes the journal of the candidate's job, beside no run of the same work unless it may be one: none can begin one meanwhile.
func (j *Job) begin(ctx context.Context, c candidate) error {
	owner, err := report.Look(j.Out)
	if err == nil && owner != "" {
		err = ErrReported
	}
	if err != nil {
		return inFolder(j.Out, err)
	}
	if !c.duplicate {
		defer lockParents(c.around)()
		if err := c.refuseDuplicate(); err != nil {
			return err
		}
	}
	if j.folder, err = report.Open(j.Out, c.Job); err != nil {
		return inFolder(j.Out, err)
	}
	if j.journal, err = Create(j.Out, c.Head, j.ledger, j.Codec()); err != nil {
		return inFolder(j.Out, err)
	}
	return j.ledger.Create(ctx, jobs.Job{ID: c.Job, Options: c.Options, Fingerprint: c.Fingerprint(), Created: c.Created})
}
