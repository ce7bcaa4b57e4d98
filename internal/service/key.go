package service

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/jobs"
)

// key tells the input of an order from others.
type key struct {
	fingerprint string // of the input and of how it is read: a job continues the same only
	idempotency string // the same for orders that give the same rows: under it an app's input is not queued twice
}

func (o Order) key(reader *input.Reader) (k key, err error) {
	if k.fingerprint, err = o.fingerprint(); err != nil {
		return k, err
	}
	k.idempotency, err = o.Files.Fingerprint(o.Read.Effective(reader))
	return k, err
}

// rulesMark stands in the fingerprint of a job before the version of the rules by which its rows are read. Older releases have none.
const rulesMark = ";rules="

// fingerprint is that of the job of an order.
func (o Order) fingerprint() (string, error) {
	f, err := o.Files.Fingerprint(o.Read.Settings())
	if f != "" && err == nil {
		f += rulesMark + strconv.Itoa(input.Rules)
	}
	return f, err
}

// sameInput tells whether two fingerprints are of the same input, read with the same options; sameRows, whether it gives the same rows, too.
func sameInput(a, b string) (same, sameRows bool) {
	bareA, _, _ := strings.Cut(a, rulesMark)
	bareB, _, _ := strings.Cut(b, rulesMark)
	return bareA == bareB, a == b
}

// otherRules is the error of an order that would queue the rest of a job by other rules than its beginning.
func otherRules(job jobs.Job) error {
	return &Conflict{Kind: OtherRules, ID: job.ID, State: job.State,
		text: fmt.Sprintf("job %s was begun by another release of sunbulk, which read rows in another way: what is missing of it cannot be queued by this one", job.ID)}
}

// goesOn tells whether the order can continue a job that has its input.
func (o Order) goesOn(job jobs.Job) bool {
	return !job.State.Ended() && (o.Works || !job.Sealed)
}

// claim returns the job that has the input: the new one, or an earlier one. A pipe may be a different one each
// time: its claim ends with the job that could continue it.
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

// refuses says why the order cannot continue the job that has its input, or nil.
func (k key) refuses(job jobs.Job, o Order) error {
	e := &Conflict{Kind: Duplicate, ID: job.ID, State: job.State, Piped: o.Files.Pipe() != ""}
	same, sameRows := sameInput(job.Fingerprint, k.fingerprint)
	what := "the same input"
	if e.Piped {
		what = "a pipe that is read in the same way"
	}
	switch {
	case job.State == jobs.Cancelled:
		e.text = fmt.Sprintf("%s is that of job %s, which was cancelled", what, job.ID)
	case !o.goesOn(job):
		e.text = fmt.Sprintf("%s is that of job %s, which is %s", what, job.ID, job.State)
	case same && !sameRows && !job.Sealed:
		return otherRules(job)
	case job.Options != o.Options || !same:
		e.Kind = OtherOptions
		e.text = fmt.Sprintf("%s is that of job %s, which was started with other options", what, job.ID)
	default:
		return nil
	}
	return e
}
