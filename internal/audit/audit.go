// Package audit is what Redis remembers of what people did, whatever they did it to. Entries are added and read, never changed.
package audit

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/internal/lazyregexp"
	"github.com/sunbulk/sunbulk/jobs"
)

// Entry is one act of a person. What it is about stands in the fields that are set.
type Entry struct {
	ID       string    `json:"id"` // sorts by time
	At       time.Time `json:"at"` // by Redis' clock
	Who      string    `json:"who"`
	Via      Via       `json:"via,omitempty"`
	What     What      `json:"what"`
	App      string    `json:"app,omitempty"`
	Job      string    `json:"job,omitempty"`
	Of       string    `json:"of,omitempty"` // of a retry the job whose rows failed, of a step's job its run
	Run      string    `json:"run,omitempty"`
	Plan     string    `json:"plan,omitempty"`
	Schedule string    `json:"schedule,omitempty"`
	Detail   string    `json:"detail,omitempty"` // such as the rate that was set; names no person
	Reason   string    `json:"reason,omitempty"` // as it was given

	Unreadable string `json:"unreadable,omitempty"` // what is wrong with the entry; then other fields may be missing
}

// Via says through which front end somebody did something.
type Via string

// The front ends.
const (
	CommandLine Via = "command line"
	Console     Via = "console"
	API         Via = "api"
)

// What says what was done.
type What string

// The acts that are kept.
const (
	Upload    What = "upload"
	Plan      What = "plan"
	Ask       What = "ask" // for an approval
	Approve   What = "approve"
	Refuse    What = "refuse"
	Start     What = "start"    // a job or a run
	Continue  What = "continue" // the queuing of a job
	Pause     What = "pause"
	Resume    What = "resume"
	Cancel    What = "cancel"
	Rate      What = "rate"
	Retry     What = "retry"
	Settle    What = "settle" // links, by recorded events
	Forget    What = "forget"
	Apply     What = "apply" // a schedule
	Remove    What = "remove"
	Save      What = "save" // a mapping
	Trigger   What = "trigger"
	Download  What = "download" // a file that names people
	Unmask    What = "unmask"   // numbers and addresses on a page or in an answer, noted once an hour
	Install   What = "install"  // a webhook
	SignIn    What = "sign in"
	Token     What = "token"     // made
	Revoke    What = "revoke"    // a token
	Forbidden What = "forbidden" // asked for, and refused to who may not do it; noted once an hour
	SetAside  What = "damaged"   // what was kept before cannot be added to
)

const (
	key   = "sunbulk:{audit}"
	most  = 200_000              // entries that are kept
	life  = 400 * 24 * time.Hour // for which they are kept
	clip  = 600                  // characters of a field
	batch = 200                  // entries per read
)

// addScript adds an entry at Redis' time. What takes no entry because somebody else wrote there is moved away whole, and a new
// stream begins with an entry that says so. KEYS: stream, names; ARGV: most, life in ms, a name under which it is added once, or ”, then
// fields and values by turns.
var addScript = redis.NewScript(`
if ARGV[3] ~= '' and redis.call('SISMEMBER', KEYS[2], ARGV[3]) == 1 then return '' end
local now = redis.call('TIME')
local ms = now[1] * 1000 + math.floor(now[2] / 1000)
local function add(...)
  return redis.pcall('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', 'at', string.format('%.0f', ms), ...)
end
local added = add(unpack(ARGV, 4))
if type(added) == 'table' and added.err and (added.err:find('WRONGTYPE') or added.err:find('last possible ID') or added.err:find('equal or smaller')) then
  local aside = KEYS[1] .. ':aside:' .. string.format('%.0f', ms)
  redis.call('RENAME', KEYS[1], aside)
  add('who', 'sunbulk', 'what', 'damaged', 'detail', 'earlier entries are kept as ' .. aside)
  added = add(unpack(ARGV, 4))
end
if type(added) == 'table' and added.err then return added end
if ARGV[3] ~= '' then redis.call('SADD', KEYS[2], ARGV[3]) end
redis.call('XTRIM', KEYS[1], 'MINID', '~', string.format('%.0f', ms - ARGV[2]))
return added`)

// Log is the acts on one Redis.
type Log struct{ rdb redis.UniversalClient }

// New returns the Log on rdb, which the caller closes.
func New(rdb redis.UniversalClient) *Log { return &Log{rdb} }

// Add keeps an act. The newest 200,000 are kept, for 400 days.
func (l *Log) Add(ctx context.Context, e Entry) error { return l.add(ctx, "", e) }

// AddOnce is Add, unless an act was added under the same name before.
func (l *Log) AddOnce(ctx context.Context, name string, e Entry) error { return l.add(ctx, name, e) }

func (l *Log) add(ctx context.Context, once string, e Entry) error {
	args := []any{most, life.Milliseconds(), once}
	for _, f := range e.fields() {
		if *f.value != "" {
			args = append(args, f.name, clipped(*f.value))
		}
	}
	if err := addScript.Run(ctx, l.rdb, []string{key, key + ":once"}, args...).Err(); err != nil {
		return fmt.Errorf("add to the audit log: %w", err)
	}
	return nil
}

// Before returns up to a few hundred entries before a place, the newest first; after = empty from the newest on. More says that
// older ones may follow.
func (l *Log) Before(ctx context.Context, place string) (entries []Entry, more bool, err error) {
	from := "+"
	if place != "" {
		from = "(" + place
	}
	all, err := l.rdb.XRevRangeN(ctx, key, from, "-", batch).Result()
	return parse(all), len(all) == batch, wrapped(err)
}

// Behind returns up to a few hundred entries behind a place, the oldest first; empty = from the oldest on. More says that newer
// ones may follow.
func (l *Log) Behind(ctx context.Context, place string) (entries []Entry, more bool, err error) {
	from := "-"
	if place != "" {
		from = "(" + place
	}
	all, err := l.rdb.XRangeN(ctx, key, from, "+", batch).Result()
	return parse(all), len(all) == batch, wrapped(err)
}

func wrapped(err error) error {
	if err != nil {
		return fmt.Errorf("read the audit log: %w", err)
	}
	return nil
}

var placeForm = lazyregexp.New(`^\d{1,20}-\d{1,20}$`)

// IsPlace tells whether a text has the form of an Entry's ID.
func IsPlace(text string) bool { return placeForm().MatchString(text) }

// field is one that Redis has.
type field struct {
	name  string
	value *string
}

func (e *Entry) fields() []field {
	return []field{
		{"who", &e.Who}, {"via", (*string)(&e.Via)}, {"what", (*string)(&e.What)}, {"app", &e.App}, {"job", &e.Job}, {"of", &e.Of}, {"run", &e.Run},
		{"plan", &e.Plan}, {"schedule", &e.Schedule}, {"detail", &e.Detail}, {"reason", &e.Reason},
	}
}

// parse reads entries. One that is damaged or forged says so, and is nothing else (I12).
func parse(all []redis.XMessage) []Entry {
	entries := make([]Entry, len(all))
	for i, m := range all {
		e := &entries[i]
		e.ID = m.ID
		for _, f := range e.fields() {
			text, _ := m.Values[f.name].(string)
			*f.value = clipped(text)
		}
		text, _ := m.Values["at"].(string)
		ms, err := strconv.ParseInt(text, 10, 64)
		switch {
		case err != nil || ms < 0 || ms > maxTime:
			e.Unreadable = "it has no time"
		case e.Who == "" || e.What == "":
			e.Unreadable = "it does not say who did what"
		}
		if e.Unreadable != "" {
			*e = Entry{ID: e.ID, Unreadable: e.Unreadable}
			continue
		}
		e.At = time.UnixMilli(ms).UTC()
	}
	return entries
}

// maxTime is the last millisecond of the year 9999, beyond which JSON knows no time.
const maxTime = 253_402_300_799_999

// clipped is a text of one line, and not longer than a field may be.
func clipped(text string) string {
	if len(text) > 4*clip {
		text = text[:4*clip]
	}
	if r := []rune(jobs.Line(text)); len(r) > clip {
		return string(r[:clip])
	}
	return jobs.Line(text)
}
