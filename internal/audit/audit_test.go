package audit_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/internal/audit"
	"github.com/sunbulk/sunbulk/internal/localredis"
	"github.com/sunbulk/sunbulk/internal/redistest"
)

const key = "sunbulk:{audit}"

func client(t *testing.T) redis.UniversalClient {
	t.Helper()
	opt, err := redis.ParseURL(redistest.Start(t).URL())
	if err != nil {
		t.Fatal(err)
	}
	rdb := redis.NewClient(opt)
	t.Cleanup(func() { rdb.Close() })
	return rdb
}

func add(t *testing.T, l *audit.Log, whats ...audit.What) {
	t.Helper()
	for _, what := range whats {
		if err := l.Add(t.Context(), audit.Entry{Who: "ann@host", Via: audit.API, What: what, App: "a", Job: "j", Reason: "because"}); err != nil {
			t.Fatal(err)
		}
	}
}

// whats are the acts that are kept, the oldest first; of one that cannot be read, why.
func whats(t *testing.T, l *audit.Log) (all []string) {
	t.Helper()
	place := ""
	for more := true; more; {
		var entries []audit.Entry
		var err error
		if entries, more, err = l.Behind(t.Context(), place); err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			place = e.ID
			all = append(all, string(e.What)+e.Unreadable)
		}
	}
	return all
}

// TestEntriesComeBack (I13), from both ends, with all that was given, also from the Redis in the process.
func TestEntriesComeBack(t *testing.T) {
	t.Parallel()
	inProcess, err := localredis.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer inProcess.Close()
	for name, rdb := range map[string]redis.UniversalClient{"real": client(t), "in the process": inProcess.Client()} {
		l := audit.New(rdb)
		add(t, l, audit.Pause, audit.Resume, audit.Cancel)
		newest, more, err := l.Before(t.Context(), "")
		if err != nil || more || len(newest) != 3 {
			t.Fatalf("%s: got %v, %t, %v", name, newest, more, err)
		}
		want := audit.Entry{ID: newest[0].ID, At: newest[0].At, Who: "ann@host", Via: audit.API, What: audit.Cancel, App: "a", Job: "j", Reason: "because"}
		if diff := cmp.Diff(want, newest[0]); diff != "" || want.At.IsZero() {
			t.Errorf("%s: (-want +got):\n%s", name, diff)
		}
		if got := strings.Join(whats(t, l), " "); got != "pause resume cancel" {
			t.Errorf("%s: got %s", name, got)
		}
		if rest, _, _ := l.Before(t.Context(), newest[1].ID); len(rest) != 1 || rest[0].What != audit.Pause {
			t.Errorf("%s: before the second there is %v", name, rest)
		}
		for range 2 {
			if err := l.AddOnce(t.Context(), "token 1", audit.Entry{Who: "ann", What: audit.Token}); err != nil {
				t.Fatal(err)
			}
		}
		if got := strings.Join(whats(t, l), " "); got != "pause resume cancel token" {
			t.Errorf("%s: what is added once is there as %s", name, got)
		}
	}
}

// TestForgedEntries (I12): what others write to the stream stops nothing but itself.
func TestForgedEntries(t *testing.T) {
	t.Parallel()
	rdb := client(t)
	l := audit.New(rdb)
	add(t, l, audit.Pause)
	for _, values := range []map[string]any{
		{"odd": "field"}, {"at": "soon", "who": "x", "what": "y"}, {"at": "99999999999999999", "who": "x", "what": "y"}, {"at": "1790000000000", "who": "mallory"},
		{"at": "1790000000000", "who": "mallory\x1b[2J\n" + strings.Repeat("ä", 1<<16), "what": "pause"},
	} {
		if err := rdb.XAdd(t.Context(), &redis.XAddArgs{Stream: key, Values: values}).Err(); err != nil {
			t.Fatal(err)
		}
	}
	add(t, l, audit.Resume)
	got := whats(t, l)
	want := []string{"pause", "it has no time", "it has no time", "it has no time", "it does not say who did what", "pause", "resume"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	all, _, err := l.Before(t.Context(), "")
	if err != nil || len([]rune(all[1].Who)) > 600 || strings.ContainsAny(all[1].Who, "\x1b\n") {
		t.Errorf("a hostile name comes as %.40q, of %d bytes, %v", all[1].Who, len(all[1].Who), err)
	}
}

// TestDamagedLog: where nothing can be added, what is there is kept aside, and the log goes on.
func TestDamagedLog(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(rdb redis.UniversalClient) error{
		"another type": func(rdb redis.UniversalClient) error { return rdb.Set(t.Context(), key, "x", 0).Err() },
		"no id left": func(rdb redis.UniversalClient) error {
			return rdb.XAdd(t.Context(), &redis.XAddArgs{Stream: key, ID: "18446744073709551615-18446744073709551615", Values: []string{"a", "b"}}).Err()
		},
	} {
		rdb := client(t)
		if err := damage(rdb); err != nil {
			t.Fatal(err)
		}
		l := audit.New(rdb)
		add(t, l, audit.Pause, audit.Resume)
		if got := strings.Join(whats(t, l), " "); got != "damaged pause resume" {
			t.Errorf("%s: got %s", name, got)
		}
		if kept, err := rdb.Keys(t.Context(), key+":aside:*").Result(); err != nil || len(kept) != 1 {
			t.Errorf("%s: kept aside is %v, %v", name, kept, err)
		}
	}
}

// TestLogIsBounded by the age of its entries; Redis counts them.
func TestLogIsBounded(t *testing.T) {
	t.Parallel()
	rdb := client(t)
	for range 300 { // Redis drops whole nodes of 100 entries
		if err := rdb.XAdd(t.Context(), &redis.XAddArgs{Stream: key, ID: "1600000000000-*", Values: []string{"at", "1600000000000", "who", "x", "what", "old"}}).Err(); err != nil {
			t.Fatal(err)
		}
	}
	add(t, audit.New(rdb), audit.Pause)
	if n, err := rdb.XLen(t.Context(), key).Result(); err != nil || n > 101 {
		t.Errorf("of 300 entries of the year 2020 and a new one %d are left, %v", n, err)
	}
}
