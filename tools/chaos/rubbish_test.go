package chaos

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	"github.com/sunbulk/sunbulk/internal/redistest"
)

// TestTopologyRubbish holds I12 for real processes: of four jobs the record of one is lost, one cannot be read, one is of a newer release, and the fourth is done. Each
// of the others is named once by the worker and by jobs, and dropped by forget.
func TestTopologyRubbish(t *testing.T) {
	times := option[int]("times")
	if times == 0 {
		t.Skip("only with -times, as make topology gives it")
	}
	logging.Disable()
	program := build(t)
	for range times {
		t.Run("", func(t *testing.T) {
			tr := newTrial(t, program, topology{name: "rubbish", batch: 20})
			s := redistest.Start(t)
			rdb := s.Client(t)
			tr.on(s.URL(), rdb)
			rows := tr.task.rows
			spoiled := map[string]string{} // job by what is the matter with it
			for i, what := range []string{"lost", "unreadable", "newer"} {
				tr.task.name, tr.task.rows = what, rows[i:i+1]
				tr.enqueueAll()
				spoiled[what] = tr.task.job
				if err := spoil(rdb, what, "sunbulk:{"+tr.task.job+"}"); err != nil {
					t.Fatal(err)
				}
			}
			tr.task.name, tr.task.rows = "job", rows[3:min(len(rows), 503)]
			w := tr.startTrialWorker()
			tr.enqueueAll()
			tr.untilFinished()
			tr.check()
			tr.forgets(w, spoiled)
			if code, err := w.end(20 * time.Second); err != nil || code != 0 {
				t.Errorf("the worker ended with code %d, %v:\n%s", code, err, w.tail())
			}
		})
	}
}

// spoil makes the record of a job one that this release cannot read.
func spoil(rdb *redis.Client, what, key string) error {
	ctx := context.Background()
	switch what {
	case "lost":
		return rdb.Del(ctx, key).Err()
	case "newer":
		return rdb.HSet(ctx, key, "version", 99).Err()
	}
	return rdb.HSet(ctx, key, "options", "{", "state", "dreaming").Err()
}

// forgets looks whether each job is named, and drops it.
func (t *trial) forgets(w *process, spoiled map[string]string) {
	t.t.Helper()
	listed := t.said("jobs")
	for what, id := range spoiled {
		if !strings.Contains(listed, id) {
			t.Errorf("jobs does not name the %s one, %s:\n%s", what, id, listed)
		}
		if n := strings.Count(w.said(), `"job":"`+id+`"`); n != 1 {
			t.Errorf("the worker names the %s one, %s, in %d lines:\n%s", what, id, n, w.tail())
		}
		t.command(0, "forget", id)
		if keys, err := t.rdb.Keys(context.Background(), fmt.Sprintf("*{%s*", id)).Result(); err != nil || len(keys) != 0 {
			t.Errorf("left of the %s one: %v, %v", what, keys, err)
		}
	}
	if listed = t.said("jobs"); !strings.Contains(listed, t.task.job) || strings.Contains(listed, spoiled["lost"]) {
		t.Errorf("afterwards jobs says:\n%s", listed)
	}
}

// said is all that a command writes that ends with code 0.
func (t *trial) said(args ...string) string {
	t.t.Helper()
	p := t.command(0, args...)
	out, err := os.ReadFile(filepath.Clean(p.out))
	if err != nil {
		t.Fatal(err)
	}
	return string(out) + p.said()
}
