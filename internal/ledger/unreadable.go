package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/internal/redisfault"
)

// UnreadableError says that what Redis holds as the record of a job is none: damaged, of a newer release, of another type, or too
// large. Other jobs are not concerned (I12).
type UnreadableError struct {
	ID  string // of the job
	Why string
}

func (e *UnreadableError) Error() string {
	return fmt.Sprintf("the record of job %s cannot be read: %s", e.ID, e.Why)
}

// Bounds of what is read as the record of a job.
const (
	maxFields = 100_000  // of its hash: causes, latencies, events
	maxText   = 16 << 20 // bytes of a text, such as what is known of its inputs
	maxRows   = 1 << 40
)

// readError is an error of reading a record: of the whole Redis, or of this key alone.
func readError(id string, err error) error {
	if err == nil || redisfault.Of(err) != redisfault.WrongType {
		return err
	}
	return &UnreadableError{id, "its key holds something else"}
}

// Unreadable tells whether an error says that one record cannot be read, or is not there.
func Unreadable(err error) bool {
	return errors.As(err, new(*UnreadableError)) || errors.Is(err, ErrNoJob)
}

// Record reads a hash of no more than some thousand fields, whose named texts are of a sane length. Otherwise it says what is too
// large, and reads nothing.
func Record(ctx context.Context, rdb redis.UniversalClient, key string, texts ...string) (fields map[string]string, tooLarge string, err error) {
	args := []any{maxFields, maxText}
	for _, name := range texts {
		args = append(args, name)
	}
	reply, err := recordScript.Run(ctx, rdb, []string{key}, args...).StringSlice()
	if err != nil {
		return nil, "", err
	}
	if len(reply) == 1 {
		return nil, reply[0], nil
	}
	fields = make(map[string]string, len(reply)/2)
	for i := 0; i+1 < len(reply); i += 2 {
		fields[reply[i]] = reply[i+1]
	}
	return fields, "", nil
}

// recordScript reads a hash whose size was looked at before.
var recordScript = redis.NewScript(`
-- KEYS: a hash    ARGV: most fields, most bytes of a text, names of texts
-- Returns its fields and values by turns, or one text that says what is too large.
local n = redis.call('HLEN', KEYS[1])
if n > tonumber(ARGV[1]) then return {n .. ' fields'} end
for i = 3, #ARGV do
  local size = redis.call('HSTRLEN', KEYS[1], ARGV[i])
  if size > tonumber(ARGV[2]) then return {ARGV[i] .. ' is ' .. size .. ' bytes long'} end
end
return redis.call('HGETALL', KEYS[1])`)
