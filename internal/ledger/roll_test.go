package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/jobs"
)

// rubbish are records that none of this release writes.
func rubbish(t *testing.T, rdb redis.UniversalClient) map[string]string {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx := t.Context()
	const good = `{"app":"app","batch":100}`
	set := func(id string, fields ...any) { must(rdb.HSet(ctx, key(id), fields...).Err()) }
	set("20261101-000000-aaa1", "state", "running", "options", `{"app":`)
	set("20261101-000000-aaa2", "state", "hibernating", "options", good)
	must(rdb.Set(ctx, key("20261101-000000-aaa3"), "gone", 0).Err())
	set("20261101-000000-aaa4", "state", "running", "options", good, "batches", "4000000000", "read", 3)
	set("20261101-000000-aaa5", "state", "running", "options", good, "events", "9000000000000000000")
	set("20261101-000000-aaa6", "state", "running", "options", strings.Repeat("x", maxText+1))
	set("20261101-000000-aaa7", "state", "running", "options", good, "read", -7)
	set("20261101-000000-aaa8", "state", "running", "options", good, "inputs", "[{]")
	why := map[string]string{
		"20261101-000000-aaa1": "options", "20261101-000000-aaa2": "hibernating", "20261101-000000-aaa3": "something else", "20261101-000000-aaa4": "batches for 3 rows",
		"20261101-000000-aaa5": "events", "20261101-000000-aaa6": "bytes long", "20261101-000000-aaa7": "-7 rows read", "20261101-000000-aaa8": "inputs",
		"20261101-000000-aaa9": "no such job", // its hash is lost
	}
	for id := range why {
		must(rdb.ZAdd(ctx, allJobs, redis.Z{Score: float64(start.Add(time.Hour).UnixMilli()), Member: id}).Err())
	}
	return why
}

// I12: a record that is lost, damaged or of a newer release stops nothing but itself.
func TestI12EachRecordStopsItselfAlone(t *testing.T) {
	each(t, func(t *testing.T, l *Ledger) {
		ctx := t.Context()
		if err := l.Create(ctx, jobs.Job{ID: job, Options: jobs.Options{App: "app"}, Created: start}); err != nil {
			t.Fatal(err)
		}
		why := rubbish(t, l.rdb)
		for id, part := range why {
			if _, err := l.Job(ctx, id); !Unreadable(err) || !strings.Contains(err.Error(), part) || !strings.Contains(err.Error(), id) {
				t.Errorf("job %s: got %v, want one that names %q", id, err, part)
			}
		}
		var log bytes.Buffer
		roll := l.Roll(slog.New(slog.NewTextHandler(&log, nil)))
		var seen []string
		for range 100 {
			err := roll.Each(ctx, func(ctx context.Context, id string) (bool, error) {
				_, err := l.Job(ctx, id)
				seen = append(seen, id)
				return false, err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		readable := slices.DeleteFunc(slices.Clone(seen), func(id string) bool { return id != job })
		if len(readable) != 100 || len(seen) > 100+4*len(why) {
			t.Errorf("looked %d times at the job that can be read, %d times in all; want 100, and few others", len(readable), len(seen))
		}
		for _, w := range roll.wrong {
			w.until = time.Time{}
		}
		for range 3 {
			_ = roll.Each(ctx, func(ctx context.Context, id string) (bool, error) { _, err := l.Job(ctx, id); return false, err })
		}
		for id := range why {
			if n := strings.Count(log.String(), "job="+id); n != 1 {
				t.Errorf("job %s is named %d times in the log, want once", id, n)
			}
		}
	})
}

// What is done with is left out, but for a few each time, so that what a Redis that went back made live again is found.
func TestRollForgetsAndLooksAgain(t *testing.T) {
	each(t, func(t *testing.T, l *Ledger) {
		ctx := t.Context()
		const all = 100
		for n := range all {
			if err := l.rdb.ZAdd(ctx, allJobs, redis.Z{Score: float64(n), Member: fmt.Sprintf("j%02d", n)}).Err(); err != nil {
				t.Fatal(err)
			}
		}
		roll := l.Roll(nil)
		looks := map[string]int{}
		turn := func() (n int) {
			err := roll.Each(ctx, func(_ context.Context, id string) (bool, error) { looks[id]++; n++; return true, nil })
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		if n := turn(); n != all {
			t.Errorf("first turn: %d looks, want %d", n, all)
		}
		for range all / lookAgain {
			if n := turn(); n != lookAgain {
				t.Errorf("later turn: %d looks, want %d", n, lookAgain)
			}
		}
		for id, n := range looks {
			if n != 2 {
				t.Errorf("%s: %d looks, want 2", id, n)
			}
		}
		if err := l.rdb.ZRemRangeByRank(ctx, allJobs, 0, all-3).Err(); err != nil {
			t.Fatal(err)
		}
		turn()
		if len(roll.done) != 2 { // I6
			t.Errorf("%d ids are kept of the 2 that are listed", len(roll.done))
		}
	})
}

// An error of the whole Redis ends the turn: the others would fare no better, and none is to blame.
func TestRollEndsWithTheRedis(t *testing.T) {
	each(t, func(t *testing.T, l *Ledger) {
		for n := range 3 {
			l.rdb.ZAdd(t.Context(), allJobs, redis.Z{Score: float64(n), Member: fmt.Sprint(n)})
		}
		roll, n := l.Roll(nil), 0
		full := errors.New("OOM command not allowed when used memory > 'maxmemory'")
		err := roll.Each(t.Context(), func(context.Context, string) (bool, error) { n++; return false, full })
		if !errors.Is(err, full) || n != 1 || len(roll.wrong) != 0 {
			t.Errorf("got %v after %d looks, %d ids to blame", err, n, len(roll.wrong))
		}
	})
}
