package service

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/internal/redisfault"
	"github.com/sunbulk/sunbulk/internal/redistest"
)

// fails opens a URL that names its Redis wrongly, and returns what is said of it.
func fails(t *testing.T, address string) *Unavailable {
	t.Helper()
	s, _, err := Open(t.Context(), address)
	if err == nil {
		s.Close()
	}
	e, ok := errors.AsType[*Unavailable](err)
	if !ok {
		t.Fatalf("%s: got %v, want *Unavailable", address, err)
	}
	return e
}

// opens opens a URL, and returns its warnings.
func opens(t *testing.T, address string) []Warning {
	t.Helper()
	s, warnings, err := Open(t.Context(), address)
	if err != nil {
		t.Fatalf("%s: %v", address, err)
	}
	s.Close()
	return warnings
}

func host(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}

// The URL of a Cluster or a Sentinel without its parameter is reported at once, with the one that is meant; and the other way round.
func TestOpenTellsTheTopology(t *testing.T) {
	cluster, sentinel, single := redistest.StartCluster(t, "--repl-ping-replica-period", "1"), redistest.StartSentinel(t), redistest.Start(t)
	for _, c := range []struct {
		url, better string
		fault       redisfault.Fault
	}{
		{"redis://" + cluster.Servers[1].Addr, "addr=127.0.0.1:", redisfault.IsCluster},
		{"redis://" + cluster.Servers[4].Addr, "addr=127.0.0.1:", redisfault.IsCluster}, // a replica
		{"redis://" + host(t, sentinel.URL()), "master_name=jobs", redisfault.IsSentinel},
		{strings.Replace(sentinel.URL(), "master_name=jobs", "master_name=job", 1), "master_name=jobs", redisfault.NoMaster},
		{single.URL() + "?master_name=jobs", "redis://" + single.Addr, redisfault.NotSentinel},
		{single.URL() + "?addr=" + single.Addr, "redis://" + single.Addr, redisfault.NotCluster},
	} {
		e := fails(t, c.url)
		if e.Fault != c.fault || !strings.Contains(e.Better, c.better) {
			t.Errorf("%s: got %q, better %s; want %q, with %s (%v)", c.url, e.Fault, e.Better, c.fault, c.better, e)
			continue
		}
		opens(t, e.Better) // what is proposed works
	}
	for _, url := range []string{cluster.URL(), sentinel.URL(), single.URL()} {
		if w := opens(t, url); len(w) != 0 {
			t.Errorf("%s: got %v, want no warning", url, w)
		}
	}
	known(t, cluster)
	for i, s := range cluster.Servers { // each node is judged, not the one that answers last
		if err := errors.Join(s.Client(t).ConfigSet(t.Context(), "maxmemory-policy", "allkeys-lru").Err(),
			s.Client(t).ConfigSet(t.Context(), "appendfsync", []string{"always", "everysec"}[i%2]).Err()); err != nil {
			t.Fatal(err)
		}
		w := fmt.Sprint(opens(t, cluster.URL()))
		for j, other := range cluster.Servers {
			if strings.Contains(w, other.Addr) != (j <= i) {
				t.Errorf("with %d evicting nodes: got %s", i+1, w)
			}
		}
		if i == 1 && !strings.Contains(w, "everysec ("+s.Addr+")") {
			t.Errorf("got %s, want appendfsync of %s", w, s.Addr)
		}
	}
	for _, s := range sentinel.Servers {
		if s == sentinel.Master(t) {
			continue
		}
		if err := s.Client(t).ConfigSet(t.Context(), "appendfsync", "no").Err(); err != nil {
			t.Fatal(err)
		}
		if w := fmt.Sprint(opens(t, sentinel.URL())); !strings.Contains(w, "appendfsync is no") || !strings.Contains(w, "replica "+s.Addr) {
			t.Errorf("got %s, want replica %s named", w, s.Addr)
		}
	}
}

// known returns when each replica has something of its master, before which a Cluster does not name it.
func known(t *testing.T, c *redistest.Cluster) {
	t.Helper()
	for _, s := range c.Servers[:3] {
		var node redis.UniversalClient = s.Client(t) // 6.2 has no newer command
		slots, err := node.ClusterSlots(t.Context()).Result()
		for tries := 0; err == nil && tries < 1000; tries++ {
			named := 0
			for _, slot := range slots {
				named += len(slot.Nodes)
			}
			if named == len(c.Servers) {
				break
			}
			time.Sleep(20 * time.Millisecond)
			slots, err = node.ClusterSlots(t.Context()).Result()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestOpenJudgesSettings(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"everysec":  {[]string{"--appendfsync", "everysec"}, "the last second or two"},
		"no":        {[]string{"--appendfsync", "no"}, "the last half minute"},
		"volatile":  {[]string{"--maxmemory-policy", "volatile-ttl"}, "volatile-ttl"},
		"nothing":   {[]string{"--appendonly", "no"}, "persists nothing"},
		"snapshots": {[]string{"--appendonly", "no", "--save", "900 1"}, "only takes snapshots"},
		"replica":   {[]string{"--replicaof", "127.0.0.1", "1"}, "is a replica of 127.0.0.1:1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if w := fmt.Sprint(opens(t, redistest.Start(t, c.args...).URL())); !strings.Contains(w, c.want) {
				t.Errorf("got %s, want %q", w, c.want)
			}
		})
	}
}

// A user without +info works, and hears once that nothing was checked.
func TestOpenWithoutInfo(t *testing.T) {
	server := redistest.Start(t)
	err := server.Client(t).Do(t.Context(), "ACL", "SETUSER", "app", "on", ">pw", "~sunbulk:*", "~asynq:*", "&sunbulk:*", "&asynq:*", "+@all", "-@dangerous", "-@admin").Err()
	if err != nil {
		t.Fatal(err)
	}
	w := opens(t, "redis://app:pw@"+server.Addr)
	if len(w) != 1 || !strings.Contains(w[0].Text, "could not be checked") {
		t.Errorf("got %v, want one warning", w)
	}
	s, _, err := Open(t.Context(), "redis://app:pw@"+server.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, _, err := s.Jobs(t.Context()); err != nil {
		t.Error(err)
	}
	cluster := redistest.Start(t, "--cluster-enabled", "yes", "--user", "app", "on", ">pw", "~*", "&*", "+@all", "-@dangerous", "-@admin")
	if e := fails(t, "redis://app:pw@"+cluster.Addr); e.Fault != redisfault.IsCluster {
		t.Errorf("a Cluster without INFO: got %q: %v", e.Fault, e)
	}
}
