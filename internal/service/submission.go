package service

import (
	"context"
	"errors"
	"fmt"

	"github.com/sunbulk/sunbulk/enqueue"
	"github.com/sunbulk/sunbulk/internal/ledger"
)

// Queue queues all rows of the submission that are not queued yet, and seals its job.
func (sub *Submission) Queue(ctx context.Context) error {
	if sub.whole {
		sub.producer.agreed()
		return nil
	}
	const most = 5 // a Redis that goes back again and again is mended first
	for times := 1; ; times++ {
		err := sub.producer.queue(ctx, sub.Job, sub.reader.Rows(ctx), sub.reader.Inputs)
		if err == nil {
			err = sub.producer.replicate(ctx, sub.Job.ID, sub.producer.verify)
		}
		switch {
		case !errors.Is(err, ledger.ErrWentBack):
			return sub.explain(ctx, err)
		case sub.Piped || times == most:
			return fmt.Errorf("job %s is not queued to its end: %w: start the same command again", sub.Job.ID, err)
		}
		sub.order.Note("Redis has lost what it had confirmed while the rows were queued: queuing what is missing")
		if err := sub.again(ctx); err != nil {
			return err
		}
	}
}

// again opens the input once more.
func (sub *Submission) again(ctx context.Context) error {
	sub.order.reader = nil
	reader, err := sub.order.Open(ctx)
	if err != nil {
		return err
	}
	reader.At(sub.Job.Options.Time(sub.Job.Created))
	sub.producer.agreed = nil
	if sub.producer.mending != nil {
		if sub.producer.mending, err = sub.producer.mend(ctx, sub.Job, sub.order.By.Who); err != nil {
			return err
		}
	}
	sub.mu.Lock()
	defer sub.mu.Unlock()
	sub.reader.Close()
	sub.reader = reader
	return nil
}

// Progress is how much of the input was read, in bytes; total is 0 when it is not known.
func (sub *Submission) Progress() (read, total int64) {
	sub.mu.Lock()
	defer sub.mu.Unlock()
	return sub.reader.Progress()
}

// Close closes the input, and the folder of the report.
func (sub *Submission) Close() {
	sub.reader.Close()
	if sub.folder != nil {
		sub.folder.Close()
	}
}

// explain makes typed errors of those of queuing.
func (sub *Submission) explain(ctx context.Context, err error) error {
	conflict := func(kind ConflictKind, text string) error {
		return &Conflict{Kind: kind, ID: sub.Job.ID, State: sub.Job.State, Piped: sub.Piped, text: text}
	}
	changed, isChanged := errors.AsType[*enqueue.ChangedError](err)
	taken, isTaken := errors.AsType[*ledger.TakenError](err)
	switch {
	case err == nil:
		return nil
	case isChanged:
		return conflict(OtherRows, fmt.Sprintf("job %s is that of a pipe, and %s; nothing was queued", sub.Job.ID, changed))
	case isTaken:
		return conflict(ProducerBusy, fmt.Sprintf("job %s: %s", sub.Job.ID, taken))
	case ctx.Err() != nil:
		return &Interrupted{Job: sub.Job.ID, Piped: sub.Piped, ByName: sub.ByName, text: "interrupted while queuing job " + sub.Job.ID}
	}
	return err
}
