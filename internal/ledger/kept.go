package ledger

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

var (
	//go:embed keep.lua
	keepLua string

	keepScript = redis.NewScript(keepLua)
)

const (
	seenFor  = 20 * time.Minute // at least, and twice that at most: a webhook is called again for 15 minutes
	mostKept = 1_000_000        // events of an app, beyond which the oldest go
	heardFor = 24 * time.Hour   // for which it is known when the last event came
)

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
func (l *Ledger) KeepEvents(ctx context.Context, app string, names []string, events [][]byte, now time.Time) (int, error) {
	slot := now.UnixMilli() / seenFor.Milliseconds()
	seen := func(slot int64) string { return eventsKey(app, "seen", strconv.FormatInt(slot, 10)) }
	args := []any{(2 * seenFor).Milliseconds(), mostKept, heardFor.Milliseconds()}
	for i, e := range events {
		sum := sha256.Sum256([]byte(names[i]))
		args = append(args, base64.RawURLEncoding.EncodeToString(sum[:9]), l.codec.Pack(e))
	}
	n, err := keepScript.Run(ctx, l.rdb, []string{eventsKey(app), seen(slot), seen(slot - 1), eventsKey(app, "heard")}, args...).Int()
	if err != nil {
		return 0, fmt.Errorf("keep events: %w", err)
	}
	return n, nil
}

// Heard tells how long ago the last event of an app came, by Redis' clock; false when none came in a day.
func (l *Ledger) Heard(ctx context.Context, app string) (ago time.Duration, ever bool, err error) {
	left, err := l.rdb.PTTL(ctx, eventsKey(app, "heard")).Result()
	if err != nil {
		return 0, false, fmt.Errorf("read when the last event came: %w", err)
	}
	return heardFor - left, left > 0, nil
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
		ms, _, _ := strings.Cut(e.ID, "-")
		kept[i] = KeptEvent{Place: e.ID, At: time.UnixMilli(number(ms))}
		if kept[i].Data, err = l.codec.Unpack([]byte(text(e.Values["e"]))); err != nil {
			kept[i].Data = nil // one that cannot be read stops nothing else (I12)
		}
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
