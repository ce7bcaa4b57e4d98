package ledger

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

var (
	//go:embed keep.lua
	keepLua string

	//go:embed eventsof.lua
	eventsOfLua string

	keepScript     = redis.NewScript(keepLua)
	eventsOfScript = redis.NewScript(eventsOfLua)
)

// SilentAfter without an event of the app, its webhook is taken to be silent: the vendor repeats an event for 15 minutes.
const SilentAfter = 20 * time.Minute

const (
	seenFor  = 20 * time.Minute // at least, and twice that at most: a webhook is called again for 15 minutes
	mostKept = 1_000_000        // events of an app, beyond which the oldest go
	heardFor = 24 * time.Hour   // for which it is known when the last event came
	mostOf   = 1000             // events of a user that are read
)

// NewEvent is an event of an app's webhook that just came.
type NewEvent struct {
	Name  string   // the same in a repetition
	Users []string // ids of the user whom it is about
	Data  []byte
}

// KeptEvent is an event of an app's webhook that waits for its row.
type KeptEvent struct {
	Place string // sorts by time
	At    time.Time
	Data  []byte // as it was given
}

// eventsKey is that of an app's events. All keys of them carry the tag {APP}.
func eventsKey(app string, part ...string) string {
	return strings.Join(append([]string{"sunbulk:events:{" + app + "}"}, part...), ":")
}

// KeepEvents keeps events of an app, but those that came before, by their names, in the last 20 minutes. It returns how many were new.
func (l *Ledger) KeepEvents(ctx context.Context, app string, events []NewEvent, now time.Time) (int, error) {
	slot := now.UnixMilli() / seenFor.Milliseconds()
	seen := func(slot int64) string { return eventsKey(app, "seen", strconv.FormatInt(slot, 10)) }
	args := []any{(2 * seenFor).Milliseconds(), mostKept, heardFor.Milliseconds()}
	for _, e := range events {
		sum := sha256.Sum256([]byte(e.Name))
		users := make([]string, len(e.Users))
		for i, u := range e.Users {
			users[i] = userDigest(u)
		}
		args = append(args, base64.RawURLEncoding.EncodeToString(sum[:9]), l.codec.Pack(e.Data), strings.Join(users, " "))
	}
	n, err := keepScript.Run(ctx, l.rdb, []string{eventsKey(app), seen(slot), seen(slot - 1), eventsKey(app, "heard")}, args...).Int()
	if err != nil {
		return 0, fmt.Errorf("keep events: %w", err)
	}
	return n, nil
}

func userDigest(id string) string {
	part, name := ByUser(id).digest()
	return part + name
}

// Heard tells how long ago the last event of an app came, by Redis' clock; false when none came in a day.
func (l *Ledger) Heard(ctx context.Context, app string) (ago time.Duration, ever bool, err error) {
	left, err := l.rdb.PTTL(ctx, eventsKey(app, "heard")).Result()
	if err != nil {
		return 0, false, fmt.Errorf("read when the last event came: %w", err)
	}
	return heardFor - left, left > 0, nil
}

// Silent tells whether no event of an app has come for long.
func (l *Ledger) Silent(ctx context.Context, app string) (bool, error) {
	ago, ever, err := l.Heard(ctx, app)
	return !ever || ago > SilentAfter, err
}

// KeptEvents returns up to count events of an app that follow a place; empty = from the first.
func (l *Ledger) KeptEvents(ctx context.Context, app, after string, count int64) ([]KeptEvent, error) {
	from := "-"
	if after != "" {
		from = "(" + after
	}
	entries, err := l.rdb.XRangeN(ctx, eventsKey(app), from, "+", count).Result()
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	kept := make([]KeptEvent, len(entries))
	for i, e := range entries {
		kept[i] = l.keptEvent(e.ID, text(e.Values["e"]))
	}
	return kept, nil
}

func (l *Ledger) keptEvent(place, packed string) KeptEvent {
	ms, _, _ := strings.Cut(place, "-")
	e := KeptEvent{Place: place, At: time.UnixMilli(number(ms))}
	e.Data, _ = l.codec.Unpack([]byte(packed)) // one that cannot be read stops nothing else (I12)
	return e
}

// EventsOf returns the events of a user, by the id or the external id, that came since a time and wait for their row: the first thousand.
func (l *Ledger) EventsOf(ctx context.Context, app, user string, since time.Time) (kept []KeptEvent, err error) {
	const page = 1000 // events that Redis looks at in one go, some milliseconds
	for from := strconv.FormatInt(max(since.UnixMilli(), 0), 10); len(kept) < mostOf; {
		reply, err := eventsOfScript.Run(ctx, l.rdb, []string{eventsKey(app)}, userDigest(user), from, page).Slice()
		if err == nil && len(reply) == 0 {
			err = errors.New("empty reply")
		}
		if err != nil {
			return nil, fmt.Errorf("read events of a user: %w", err)
		}
		for i := 1; i+1 < len(reply); i += 2 {
			kept = append(kept, l.keptEvent(text(reply[i]), text(reply[i+1])))
		}
		last := text(reply[0])
		if last == "" {
			break
		}
		from = "(" + last
	}
	return kept, nil
}

// DropEvents forgets events of an app.
func (l *Ledger) DropEvents(ctx context.Context, app string, places []string) error {
	if len(places) == 0 {
		return nil
	}
	if err := l.rdb.XDel(ctx, eventsKey(app), places...).Err(); err != nil {
		return fmt.Errorf("drop events: %w", err)
	}
	return nil
}
