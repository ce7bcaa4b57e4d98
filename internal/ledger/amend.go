package ledger

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/jobs"
)

var (
	//go:embed amend.lua
	amendLua string

	amendScript = redis.NewScript(amendLua)
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
