package schedule

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/sunbulk/sunbulk/internal/runbook"
)

// I12: a schedule that cannot be read stops nothing but itself, and the log names it once.
func TestI12UnreadableSchedulesStopNoOther(t *testing.T) {
	r := start(t)
	ctx := t.Context()
	var log bytes.Buffer
	r.cfg.Logger = slog.New(slog.NewTextHandler(&log, nil))
	slot := r.apply(nil)
	for _, name := range []string{"list", "broken"} {
		if _, err := r.store.Apply(ctx, &runbook.Runbook{Name: name, App: app, Steps: steps(), Schedule: &runbook.Schedule{Cron: "0 * * * *"}}, nil, "ann"); err != nil {
			t.Fatal(err)
		}
	}
	r.rdb.Del(ctx, key("list"))
	r.rdb.RPush(ctx, key("list"), "no hash")
	r.rdb.HSet(ctx, key("broken"), "version", "x")
	r.rdb.SAdd(ctx, namesKey, "lost")
	for range 3 {
		r.look(slot)
	}
	if r.runs.made[runOf(slot)].State != "running" {
		t.Errorf("the schedule that can be read has started no run: %v", r.runs.made)
	}
	for _, name := range []string{"list", "broken"} {
		if got := strings.Count(log.String(), "cannot serve schedule\" schedule="+name); got != 1 {
			t.Errorf("the log names %s %d times, want once:\n%s", name, got, log.String())
		}
	}
}

// I12: an entry of the history that cannot be read is shown as far as it can.
func TestI12UnreadableEntryHidesNoOther(t *testing.T) {
	r := start(t)
	r.apply(nil)
	for _, rows := range []string{"no JSON", `{"read": 3}`} {
		if err := r.rdb.Do(t.Context(), "XADD", historyKey("nightly"), "*", "what", "ended", "run", "r", "rows", rows, "slots", "many").Err(); err != nil {
			t.Fatal(err)
		}
		if err := r.rdb.Do(t.Context(), "XADD", historyKey("nightly"), "*", "what", "skipped", "rows", rows, "slots", "many").Err(); err != nil {
			t.Fatal(err)
		}
	}
	entries := r.history()
	if len(entries) != 3 || entries[1].Reason != "its slots cannot be read; its rows cannot be read" || entries[0].Rows == nil {
		t.Errorf("got %+v, want two that were skipped, and the one that was created", entries)
	}
}
