package redistest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// slots are those of a Cluster.
const slots = 16384

// Cluster is a Redis Cluster of three masters, each with a replica.
type Cluster struct{ Servers []*Server }

// StartCluster runs a Cluster until the test ends. A node that is silent for a second is given up, unless the arguments say otherwise.
func StartCluster(t testing.TB, args ...string) *Cluster {
	t.Helper()
	c := &Cluster{}
	args = append([]string{"--cluster-enabled", "yes", "--cluster-node-timeout", "1000", "--repl-diskless-sync-delay", "0"}, args...)
	for range 6 {
		c.Servers = append(c.Servers, Start(t, slices.Concat(args, []string{"--cluster-port", port(t, freeAddr(t))})...))
	}
	first := c.Servers[0].Client(t)
	ctx := context.Background()
	ids := make([]string, len(c.Servers))
	for i, s := range c.Servers {
		rdb := s.Client(t)
		var err error
		if ids[i], err = rdb.ClusterMyID(ctx).Result(); err != nil {
			t.Fatal(err)
		}
		if i < 3 {
			if err := rdb.ClusterAddSlotsRange(ctx, i*slots/3, (i+1)*slots/3-1).Err(); err != nil {
				t.Fatal(err)
			}
		}
		bus := s.args[len(s.args)-1]
		if err := first.Do(ctx, "CLUSTER", "MEET", "127.0.0.1", port(t, s.Addr), bus).Err(); err != nil {
			t.Fatal(err)
		}
	}
	for i, s := range c.Servers[3:] {
		rdb := s.Client(t)
		until(t, "a replica knows its master", func() error { return rdb.ClusterReplicate(ctx, ids[i]).Err() })
	}
	c.settle(t)
	return c
}

func port(t testing.TB, addr string) string {
	t.Helper()
	_, p, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// settle returns when every node is fine with all slots, and knows three replicas.
func (c *Cluster) settle(t testing.TB) {
	t.Helper()
	for _, s := range c.Servers {
		rdb := s.Client(t)
		until(t, "the Cluster is fine", func() error {
			info, err := rdb.ClusterInfo(context.Background()).Result()
			if err != nil {
				return err
			}
			nodes, err := rdb.ClusterNodes(context.Background()).Result()
			if err == nil && (!strings.Contains(info, "cluster_state:ok") || strings.Count(nodes, "slave ") != 3) {
				err = errors.New("not yet")
			}
			return err
		})
	}
}

// URL is the address as sunbulk's --redis takes it.
func (c *Cluster) URL() string {
	return fmt.Sprintf("redis://%s?addr=%s&addr=%s", c.Servers[0].Addr, c.Servers[1].Addr, c.Servers[2].Addr)
}

// Master is the server that has the slot of a key, as another node than the skipped one sees it; nil skips none.
func (c *Cluster) Master(t testing.TB, key string, skipped *Server) *Server {
	t.Helper()
	for _, s := range c.Servers {
		if s == skipped {
			continue
		}
		rdb := redis.NewClient(&redis.Options{Addr: s.Addr})
		slot, err := rdb.ClusterKeySlot(context.Background(), key).Result()
		rdb.Close()
		if err != nil {
			continue
		}
		if owner := c.ownerSeenBy(s, slot); owner != "" {
			return c.at(t, owner)
		}
	}
	t.Fatalf("nobody has the slot of %s", key)
	return nil
}

// Client returns a client of the Cluster, which is closed when the test ends.
func (c *Cluster) Client(t testing.TB) redis.UniversalClient {
	opt := &redis.ClusterOptions{ClusterStateReloadInterval: time.Second}
	for _, s := range c.Servers {
		opt.Addrs = append(opt.Addrs, s.Addr)
	}
	rdb := redis.NewClusterClient(opt)
	t.Cleanup(func() { rdb.Close() })
	return rdb
}

// Move gives the slot of a key, with all that is in it, from its master to another, as resharding does.
func (c *Cluster) Move(t testing.TB, key string) {
	t.Helper()
	ctx := context.Background()
	from := c.Master(t, key, nil)
	to := c.other(t, from)
	source, target := from.Client(t), to.Client(t)
	slot := source.ClusterKeySlot(ctx, key).Val()
	ask := func(rdb *redis.Client, args ...any) {
		if err := rdb.Do(ctx, args...).Err(); err != nil {
			t.Fatalf("%v: %v", args, err)
		}
	}
	ask(target, "CLUSTER", "SETSLOT", slot, "IMPORTING", source.ClusterMyID(ctx).Val())
	ask(source, "CLUSTER", "SETSLOT", slot, "MIGRATING", target.ClusterMyID(ctx).Val())
	for {
		keys, err := source.ClusterGetKeysInSlot(ctx, int(slot), 10).Result()
		if err != nil {
			t.Fatal(err)
		}
		if len(keys) == 0 {
			break
		}
		args := []any{"MIGRATE", "127.0.0.1", port(t, to.Addr), "", 0, 5000, "KEYS"}
		for _, k := range keys {
			args = append(args, k)
		}
		ask(source, args...)
	}
	for _, rdb := range []*redis.Client{target, source} {
		ask(rdb, "CLUSTER", "SETSLOT", slot, "NODE", target.ClusterMyID(ctx).Val())
	}
	// Until all nodes know it, the next move may take the epoch of this one, and the slot is then nobody's.
	for _, s := range c.Servers {
		until(t, "the nodes agree on the slot", func() error {
			if c.ownerSeenBy(s, slot) != to.Addr {
				return errors.New("not yet")
			}
			return nil
		})
	}
}

// ownerSeenBy is the address of the master that has a slot, as a node sees it; empty = nobody, or the node does not answer.
func (c *Cluster) ownerSeenBy(node *Server, slot int64) string {
	rdb := redis.NewClient(&redis.Options{Addr: node.Addr})
	defer rdb.Close()
	all, _ := rdb.ClusterSlots(context.Background()).Result() //nolint:staticcheck // CLUSTER SHARDS, which is to replace it, fails during a failover
	for _, r := range all {
		if int64(r.Start) <= slot && slot <= int64(r.End) {
			return r.Nodes[0].Addr
		}
	}
	return ""
}

// other is a master that is none of a server.
func (c *Cluster) other(t testing.TB, than *Server) *Server {
	t.Helper()
	for _, s := range c.Servers {
		rdb := s.Client(t)
		info, err := rdb.Info(context.Background(), "replication").Result()
		if s != than && err == nil && strings.Contains(info, "role:master") {
			return s
		}
	}
	t.Fatal("there is no other master")
	return nil
}

func (c *Cluster) at(t testing.TB, addr string) *Server {
	t.Helper()
	for _, s := range c.Servers {
		if s.Addr == addr {
			return s
		}
	}
	t.Fatalf("%s is none of the servers", addr)
	return nil
}
