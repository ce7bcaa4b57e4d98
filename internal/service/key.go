package service

import (
	"context"
	"fmt"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/jobs"
)

// key tells the input of an order from others.
type key struct {
	fingerprint string // of the input and of how it is read: a job goes on with the same only
	idempotency string // the same for orders that give the same rows: under it an app's input is not queued twice
}

func (o Order) key(reader *input.Reader) (k key, err error) {
	if k.fingerprint, err = o.Files.Fingerprint(o.Read.Settings()); err != nil {
		return k, err
	}
	k.idempotency, err = o.Files.Fingerprint(o.Read.Effective(reader))
	return k, err
}

// goesOn tells whether the order can go on with a job that has its input.
func (o Order) goesOn(job jobs.Job) bool {
	return !job.State.Ended() && (o.Works || !job.Sealed)
}

// claim returns the job that has the input: the new one, or an earlier one. A pipe may be another one each
// time: its claim ends with the job that could go on with it.
func (s *Service) claim(ctx context.Context, job jobs.Job, k key, o Order) (holder string, err error) {
	for {
		holder, err := s.ledger.Claim(ctx, job.Options.App, k.idempotency, job.ID)
		if err != nil || holder == job.ID || o.Files.Pipe() == "" {
			return holder, err
		}
		before, err := s.ledger.Job(ctx, holder)
		if err != nil || o.goesOn(before) {
			return holder, err
		}
		moved, err := s.ledger.Reclaim(ctx, job.Options.App, k.idempotency, holder, job.ID)
		if moved || err != nil {
			return job.ID, err
		}
	}
}

// refuses says why the order cannot go on with the job that has its input, or nil.
func (k key) refuses(job jobs.Job, o Order) error {
	e := &Conflict{Kind: Duplicate, ID: job.ID, State: job.State, Piped: o.Files.Pipe() != ""}
	what := "the same input"
	if e.Piped {
		what = "a pipe that is read in the same way"
	}
	switch {
	case job.State == jobs.Cancelled:
		e.text = fmt.Sprintf("%s is that of job %s, which was cancelled", what, job.ID)
	case !o.goesOn(job):
		e.text = fmt.Sprintf("%s is that of job %s, which is %s", what, job.ID, job.State)
	case job.Options != o.Options || job.Fingerprint != k.fingerprint:
		e.Kind = OtherOptions
		e.text = fmt.Sprintf("%s is that of job %s, which was started with other options", what, job.ID)
	default:
		return nil
	}
	return e
}
