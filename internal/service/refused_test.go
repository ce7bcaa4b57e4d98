package service_test

import (
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/internal/redisfault"
)

// What a Redis refuses for is known by the error of whatever was asked of it, and things go on when it is mended.
func TestEachRefusalIsKnown(t *testing.T) {
	b := newBench(t)
	rdb := b.Redis().(*redis.Client)
	set := func(name, value string) func() error {
		return func() error { return rdb.ConfigSet(t.Context(), name, value).Err() }
	}
	do := func(args ...any) func() error { return func() error { return rdb.Do(t.Context(), args...).Err() } }
	for i, c := range []struct {
		want        redisfault.Fault
		spoil, mend func() error
	}{
		{redisfault.Full, set("maxmemory", "1"), set("maxmemory", "0")},
		{redisfault.NoReplicas, set("min-replicas-to-write", "1"), set("min-replicas-to-write", "0")},
		{redisfault.ReadOnly, do("REPLICAOF", "127.0.0.1", "1"), do("REPLICAOF", "NO", "ONE")},
		{redisfault.NotAllowed, do("ACL", "SETUSER", "default", "-@write"), do("ACL", "SETUSER", "default", "+@all")},
		{redisfault.WrongType, do("SET", "sunbulk:jobs", "mine"), do("DEL", "sunbulk:jobs")},
	} {
		if err := c.spoil(); err != nil {
			t.Fatal(err)
		}
		order := b.lists("rows.csv", 3+i)
		_, err := b.Submit(t.Context(), order)
		if got := redisfault.Of(err); got != c.want {
			t.Errorf("got %q of %v, want %q", got, err, c.want)
		}
		if err := c.mend(); err != nil {
			t.Fatal(err)
		}
		if job := b.submit(b.lists("rows.csv", 3+i)); job.ID == "" {
			t.Errorf("%s: nothing was submitted when it was mended", c.want)
		}
	}
}
