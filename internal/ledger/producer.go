package ledger

import (
	"context"
	_ "embed"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/jobs"
)

var (
	//go:embed acquire.lua
	acquireLua string
	//go:embed release.lua
	releaseLua string

	acquireScript = redis.NewScript(acquireLua)
	releaseScript = redis.NewScript(releaseLua)
)

// TakenError says that another process queues the rows of a job.
type TakenError struct {
	By     string        // empty when it is not known
	Silent time.Duration // since its last heartbeat, by Redis' clock
}

func (e *TakenError) Error() string {
	return strings.TrimSuffix("another process queues its rows: "+e.By, ": ")
}

// How long a producer whose place is wanted may have been silent.
const (
	TakeOver       = time.Duration(0)  // its place is taken in any case: both queue the same rows
	TakeOverSilent = Patience          // its place is taken when it sends no heartbeat
	NeverTakeOver  = -time.Millisecond // its place is not taken
)

// AcquireProducer makes a process the one that queues the job's rows, and notes its heartbeat, which it owes at
// every BeatInterval. A *TakenError when another has that place and was silent for less than the patience.
func (l *Ledger) AcquireProducer(ctx context.Context, job, process string, patience time.Duration) error {
	reply, err := acquireScript.Run(ctx, l.rdb, []string{key(job)}, process, patience.Milliseconds()).Slice()
	if err != nil {
		return fmt.Errorf("send heartbeat: %w", err)
	}
	switch number(reply[0]) {
	case -1:
		return fmt.Errorf("job %s: %w", job, ErrNoJob)
	case 0:
		return &TakenError{jobs.Line(text(reply[1])), time.Duration(number(reply[2])) * time.Millisecond}
	}
	return nil
}

// ReleaseProducer says that a process no longer queues the job's rows.
func (l *Ledger) ReleaseProducer(ctx context.Context, job, process string) error {
	if err := releaseScript.Run(ctx, l.rdb, []string{key(job)}, process).Err(); err != nil {
		return fmt.Errorf("leave job: %w", err)
	}
	return nil
}

// abandoned returns the Abandoned of a job. Embedded runs and steps of runbooks send no heartbeats, and a
// process that comes back continues them.
func (l *Ledger) abandoned(ctx context.Context, job jobs.Job) (since time.Time, err error) {
	if job.Sealed || job.State.Ended() || job.Enqueuer.Seen.IsZero() {
		return time.Time{}, nil
	}
	if job.Enqueuer.Name == "" {
		return job.Enqueuer.Seen, nil
	}
	now, err := l.rdb.Time(ctx).Result()
	if err != nil {
		return time.Time{}, fmt.Errorf("read Redis' clock: %w", err)
	}
	if now.Sub(job.Enqueuer.Seen) < Patience {
		return time.Time{}, nil
	}
	return job.Enqueuer.Seen, nil
}

// Checkpoint is how far an input that cannot be read twice was noted. The zero value is of one that was not.
type Checkpoint struct {
	Read   int64  // rows
	Queued int64  // rows up to this number need no queuing any more
	Digest string // of the records up to Read
	Whole  bool   // the input ended there
}

// Checkpoint returns how far the input of a job was noted with digests.
func (l *Ledger) Checkpoint(ctx context.Context, id string) (Checkpoint, error) {
	f, err := l.rdb.HMGet(ctx, key(id), "read", "queued", "digest", "sealed").Result()
	if err != nil {
		return Checkpoint{}, fmt.Errorf("read what was noted: %w", err)
	}
	return Checkpoint{Read: number(f[0]), Queued: number(f[1]), Digest: text(f[2]), Whole: text(f[3]) == "1"}, nil
}
