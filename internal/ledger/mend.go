package ledger

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/jobs"
)

var (
	//go:embed mend.lua
	mendLua string
	//go:embed reopen.lua
	reopenLua string

	mendScript   = redis.NewScript(mendLua)
	reopenScript = redis.NewScript(reopenLua)
)

// ErrMending says that another process mends the job by now.
var ErrMending = errors.New("another process queues its lost rows again by now")

// Mend lets rows without an outcome of a finished job be queued again, and returns a number for Reopen. ErrIllegal when the job is neither
// finished nor being mended.
func (l *Ledger) Mend(ctx context.Context, id, who, reason string) (number int64, err error) {
	event, err := json.Marshal(jobs.Event{At: time.Now().UTC(), Who: who, What: jobs.EventMend, Reason: reason})
	if err != nil {
		return 0, fmt.Errorf("encode event: %w", err)
	}
	number, err = mendScript.Run(ctx, l.rdb, []string{key(id)}, event).Int64()
	switch {
	case err != nil:
		return 0, fmt.Errorf("mend job %s: %w", id, err)
	case number == 0:
		return 0, fmt.Errorf("mend job %s: %w", id, ErrIllegal)
	}
	return number, nil
}

// Reopen opens a finished batch of a job that is being mended. Its rows that are not done by the progress are looked for before they are sent.
func (l *Ledger) Reopen(ctx context.Context, id string, mending, batch int64, p jobs.Progress) error {
	ours, err := reopenScript.Run(ctx, l.rdb, []string{key(id), key(id, "open"), key(id, "finished")}, mending, batch, []byte(p)).Bool()
	switch {
	case err != nil:
		return fmt.Errorf("reopen batch %d: %w", batch, err)
	case !ours:
		return ErrMending
	}
	return nil
}
