package ledger

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/jobs"
)

var (
	//go:embed amend.lua
	amendLua string

	//go:embed noterate.lua
	noteRateLua string

	amendScript    = redis.NewScript(amendLua)
	noteRateScript = redis.NewScript(noteRateLua)
)

// Amend gives a job other options, of which change says what is new. Workers read them when they begin to serve the job, so it
// should be paused.
func (l *Ledger) Amend(ctx context.Context, id, who string, to jobs.Options, change []jobs.Change) error {
	var told []string
	for _, c := range change {
		told = append(told, c.String())
	}
	event, err := json.Marshal(jobs.Event{At: time.Now().UTC(), Who: who, What: jobs.EventChange, Reason: strings.Join(told, "; ")})
	if err != nil {
		return fmt.Errorf("encode event: %w", err)
	}
	options, err := json.Marshal(to)
	if err != nil {
		return fmt.Errorf("encode options: %w", err)
	}
	before, err := l.rdb.HGet(ctx, key(id), "options").Result()
	if err != nil {
		return fmt.Errorf("read options of job %s: %w", id, err)
	}
	switch amended, err := amendScript.Run(ctx, l.rdb, []string{key(id)}, before, options, event).Int(); {
	case err != nil:
		return fmt.Errorf("change options of job %s: %w", id, err)
	case amended == 0:
		return fmt.Errorf("change options of job %s: somebody else changed them", id)
	}
	return nil
}

// NoteRate notes once in a job that another override of its app's rate is in force, by the override's id; empty when none is.
func (l *Ledger) NoteRate(ctx context.Context, id, override string, e jobs.Event) error {
	event, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("encode event: %w", err)
	}
	if err := noteRateScript.Run(ctx, l.rdb, []string{key(id)}, override, event).Err(); err != nil {
		return fmt.Errorf("note rate in job %s: %w", id, err)
	}
	return nil
}

// Over tells whether a job has ended, or is not there any more.
func (l *Ledger) Over(ctx context.Context, id string) (bool, error) {
	_, state, err := l.Standing(ctx, id)
	if errors.Is(err, ErrNoJob) {
		return true, nil
	}
	return state.Ended(), err
}
