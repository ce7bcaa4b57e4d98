package schedule

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/jobs"
)

// What says what an entry tells.
type What string

// What became of slots, and of runs that were asked for.
const (
	Started    What = "started"
	Skipped    What = "skipped"     // the schedule was paused, or a run before went on
	Missed     What = "missed"      // no worker was there in time
	NotStarted What = "not_started" // something was in the way, such as an input that is missing
	Ended      What = "ended"       // the run of an earlier entry
)

// Entry is a line in the history of a schedule: one of the above, or what somebody did to it: created,
// changed, paused, resumed or triggered.
type Entry struct {
	ID     string      `json:"id"` // sorts by time
	At     time.Time   `json:"at"`
	What   What        `json:"what"`
	Slot   time.Time   `json:"slot,omitzero"`  // the first of several
	Slots  int64       `json:"slots,omitzero"` // how many it is about, when not one
	Run    string      `json:"run,omitempty"`
	Who    string      `json:"who,omitempty"` // did it, or asked for the run
	Reason string      `json:"reason,omitempty"`
	State  string      `json:"state,omitempty"` // of a run that ended
	Rows   *jobs.Tally `json:"rows,omitempty"`  // of a run that ended
}

// values are the fields in Redis by turns with what they hold. ID and At are given there.
func (e Entry) values() []any {
	all := []any{"what", string(e.What)}
	add := func(field, value string) {
		if value != "" {
			all = append(all, field, value)
		}
	}
	if !e.Slot.IsZero() {
		add("slot", millis(e.Slot))
	}
	if e.Slots > 1 {
		add("slots", strconv.FormatInt(e.Slots, 10))
	}
	add("run", e.Run)
	add("who", e.Who)
	add("reason", e.Reason)
	add("state", e.State)
	if e.Rows != nil {
		if data, err := json.Marshal(e.Rows); err == nil { // numbers alone: it has none
			add("rows", string(data))
		}
	}
	return all
}

// parseEntry reads an entry. What of it cannot be read is left out, and its reason says so (I12).
func parseEntry(m redis.XMessage) Entry {
	text := func(field string) string { s, _ := m.Values[field].(string); return jobs.Line(s) }
	ms, _, _ := strings.Cut(m.ID, "-")
	e := Entry{
		ID: m.ID, At: parseMillis(ms), What: What(text("what")), Slot: parseMillis(text("slot")), Run: text("run"),
		Who: text("who"), Reason: text("reason"), State: text("state"),
	}
	unreadable := func(field string) {
		e.Reason = strings.TrimPrefix(e.Reason+"; its "+field+" cannot be read", "; ")
	}
	if s := text("slots"); s != "" {
		var err error
		if e.Slots, err = strconv.ParseInt(s, 10, 64); err != nil {
			e.Slots = 0
			unreadable("slots")
		}
	}
	if s := text("rows"); s != "" {
		if err := json.Unmarshal([]byte(s), &e.Rows); err != nil {
			e.Rows = nil
			unreadable("rows")
		}
	}
	return e
}

// History returns the entries of a schedule, the newest first, at most count of them. One of a run
// that started also tells how it ended, instead of an entry of its own.
func (s *Store) History(ctx context.Context, name string, count int) ([]Entry, error) {
	const page = 100
	var all []Entry
	ends := map[string]Entry{}
	for end := "+"; ; {
		messages, err := s.rdb.XRevRangeN(ctx, historyKey(name), end, "-", page).Result()
		if err != nil {
			return nil, readError(name, "history", err)
		}
		for _, m := range messages {
			e := parseEntry(m)
			if e.What == Ended {
				ends[e.Run] = e
				continue
			}
			if end, ok := ends[e.Run]; ok && e.What == Started {
				e.State, e.Reason, e.Rows = end.State, end.Reason, end.Rows
			}
			if all = append(all, e); len(all) == count {
				return all, nil
			}
		}
		if len(messages) < page {
			return all, nil
		}
		end = "(" + messages[page-1].ID
	}
}

func millis(at time.Time) string { return strconv.FormatInt(at.UnixMilli(), 10) }

// LastSlot returns the newest entry of a slot, or of a run that was asked for; nil when there is none
// among the newest hundred.
func (s *Store) LastSlot(ctx context.Context, name string) (*Entry, error) {
	entries, err := s.History(ctx, name, 100)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if e.What == Started || e.passed() {
			return &e, nil
		}
	}
	return nil, nil
}

// passed tells whether an entry is of slots that started no run.
func (e Entry) passed() bool { return e.What == Skipped || e.What == Missed || e.What == NotStarted }
