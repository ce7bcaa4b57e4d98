package service

import (
	"context"
	"fmt"

	"github.com/sunbulk/sunbulk/jobs"
)

// reopen continues the job that the order names. The job keeps its own options; those that say how rows are read must be
// the same. Of a pipe, its records are compared as they come.
func (s *Service) reopen(ctx context.Context, sub *Submission, o Order) error {
	fingerprint, err := o.fingerprint()
	if err != nil {
		return err
	}
	job, err := s.Job(ctx, o.Resume)
	if err != nil {
		return err
	}
	conflict := func(kind ConflictKind, format string, args ...any) error {
		return &Conflict{Kind: kind, ID: job.ID, State: job.State, text: fmt.Sprintf(format, args...)}
	}
	lacks, err := s.lacks(ctx, job)
	if err != nil {
		return err
	}
	retry, retried := job.Retry()
	same, sameRows := sameInput(job.Fingerprint, fingerprint)
	switch {
	case job.State.Ended() && (job.State != jobs.Finished || !lacks):
		return conflict(Ended, "job %s is %s", job.ID, job.State)
	case job.Fingerprint == "":
		return conflict(NoInput, "job %s is a step of a runbook, or its input is not known", job.ID)
	case retried:
		return &Conflict{Kind: IsRetry, ID: job.ID, State: job.State, Retry: retry, text: fmt.Sprintf("job %s runs failed rows of job %s again", job.ID, retry.Of)}
	case job.Piped() && job.Sealed:
		return conflict(PipeEnded, "job %s was queued from a pipe, to its end", job.ID)
	case !same:
		return conflict(OtherInput, "this is not the input of job %s, or it is read in another way", job.ID)
	case !sameRows:
		return otherRules(job)
	}
	canary, err := PickCanary(ctx, o.Files, o.Read, job.Options.Canary)
	if err != nil {
		return err
	}
	sub.producer = s.producer(o, sub.Piped, canary)
	if lacks {
		if sub.producer.mending, err = s.mend(ctx, job, o.By.Who); err != nil {
			return err
		}
		o.Note("rows of the job have no outcome although it was finished: they are looked for at the API before anything is sent")
	}
	return s.goOn(ctx, sub, job, o.Note)
}
