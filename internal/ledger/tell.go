package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/jobs"
)

var tellScript = redis.NewScript(`
if redis.call('EXISTS', KEYS[1]) == 0 then
  return 0
end
redis.call('HSET', KEYS[1], 'event:' .. redis.call('HINCRBY', KEYS[1], 'events', 1), ARGV[1])
return 1
`)

// Tell adds an event to a job and changes nothing else. A job that is gone is left alone.
func (l *Ledger) Tell(ctx context.Context, id string, e jobs.Event) error {
	e.At = time.Now().UTC()
	data, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("encode event: %w", err)
	}
	if err := tellScript.Run(ctx, l.rdb, []string{key(id)}, data).Err(); err != nil {
		return fmt.Errorf("add event: %w", err)
	}
	return nil
}
