package redistest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	masterName  = "jobs"
	replicaUser = "replica"
	replicaPass = "replication"
)

// errStill says that nothing has changed yet.
var errStill = errors.New("it is still the same")

// Sentinel is a master with replicas, watched by three Sentinels.
type Sentinel struct {
	Servers   []*Server
	sentinels []*Server
}

// StartSentinel runs a master, two replicas and three Sentinels until the test ends. A master that is silent for a second is given up. The
// arguments are added to those of each server.
func StartSentinel(t testing.TB, args ...string) *Sentinel {
	t.Helper()
	path := binary(t, "redis-server")
	s := &Sentinel{}
	args = append([]string{"--user", replicaUser, "on", ">" + replicaPass, "+psync", "+replconf", "+ping",
		"--masteruser", replicaUser, "--masterauth", replicaPass, "--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1"}, args...)
	for i := range 3 {
		with := args
		if i > 0 {
			with = append([]string{"--replicaof", "127.0.0.1", port(t, s.Servers[0].Addr)}, args...)
		}
		s.Servers = append(s.Servers, Start(t, with...))
	}
	for range 3 {
		s.sentinels = append(s.sentinels, s.watch(t, path))
	}
	s.settle(t)
	return s
}

// watch starts a Sentinel.
func (s *Sentinel) watch(t testing.TB, path string) *Server {
	t.Helper()
	w := &Server{Addr: freeAddr(t), dir: t.TempDir()}
	text := fmt.Sprintf("port %s\nbind 127.0.0.1\ndir %s\nsentinel monitor %s 127.0.0.1 %s 2\nsentinel down-after-milliseconds %[3]s 1000\nsentinel failover-timeout %[3]s 4000\n",
		port(t, w.Addr), w.dir, masterName, port(t, s.Servers[0].Addr))
	file := filepath.Join(w.dir, "sentinel.conf")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	w.cmd = exec.Command(path, file, "--sentinel") // what redis-sentinel does, which is another package of some distributions
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Kill)
	w.wait(t, "a Sentinel")
	return w
}

// URL is the address as sunbulk's --redis takes it.
func (s *Sentinel) URL() string {
	return fmt.Sprintf("redis://%s?master_name=%s&addr=%s&addr=%s", s.sentinels[0].Addr, masterName, s.sentinels[1].Addr, s.sentinels[2].Addr)
}

// Client returns a client of the current master, which is closed when the test ends.
func (s *Sentinel) Client(t testing.TB) *redis.Client {
	opt := &redis.FailoverOptions{MasterName: masterName}
	for _, w := range s.sentinels {
		opt.SentinelAddrs = append(opt.SentinelAddrs, w.Addr)
	}
	rdb := redis.NewFailoverClient(opt)
	t.Cleanup(func() { rdb.Close() })
	return rdb
}

// ask returns a client of the first Sentinel.
func (s *Sentinel) ask() *redis.SentinelClient {
	return redis.NewSentinelClient(&redis.Options{Addr: s.sentinels[0].Addr})
}

// Master is the server that the first Sentinel calls the master.
func (s *Sentinel) Master(t testing.TB) *Server {
	t.Helper()
	c := s.ask()
	defer c.Close()
	at, err := c.GetMasterAddrByName(context.Background(), masterName).Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, server := range s.Servers {
		if server.Addr == net.JoinHostPort(at[0], at[1]) {
			return server
		}
	}
	t.Fatalf("the master %v is none of the servers", at)
	return nil
}

// Failover makes the Sentinels promote a replica in place of a master that is well, and returns when they have.
func (s *Sentinel) Failover(t testing.TB) {
	t.Helper()
	before, c := s.Master(t), s.ask()
	defer c.Close()
	var asked time.Time
	until(t, "another is the master", func() error {
		switch {
		case s.Master(t) != before:
			return nil
		case time.Since(asked) > 8*time.Second && c.Failover(context.Background(), masterName).Err() == nil: // one may be given up, after twice the time-out
			asked = time.Now()
		}
		return errStill
	})
}

// Failed returns when another server than before is the master.
func (s *Sentinel) Failed(t testing.TB, before *Server) {
	t.Helper()
	until(t, "another is the master", func() error {
		if s.Master(t) == before {
			return errStill
		}
		return nil
	})
}

// Up returns when all Sentinels say that the master is up, and none fails it over.
func (s *Sentinel) Up(t testing.TB) {
	t.Helper()
	for _, w := range s.sentinels {
		c := redis.NewSentinelClient(&redis.Options{Addr: w.Addr})
		until(t, "the master is up again", func() error {
			if master, err := c.Master(context.Background(), masterName).Result(); err != nil || master["flags"] != "master" {
				return errStill
			}
			return nil
		})
		c.Close()
	}
}

// Cut lets the master's replicas get nothing more of what it writes. Clients and Sentinels do not notice.
func (s *Sentinel) Cut(t testing.TB) {
	t.Helper()
	rdb := s.Master(t).Client(t)
	if err := rdb.Do(context.Background(), "ACL", "SETUSER", replicaUser, "off").Err(); err != nil {
		t.Fatal(err)
	}
	if err := rdb.Do(context.Background(), "CLIENT", "KILL", "TYPE", "replica").Err(); err != nil {
		t.Fatal(err)
	}
}

// Whole tells whether the Sentinels' master has all other servers as replicas, which have what it wrote before.
func (s *Sentinel) Whole(t testing.TB) bool {
	t.Helper()
	rdb := redis.NewClient(&redis.Options{Addr: s.Master(t).Addr, MaxRetries: -1, DialerRetries: 1})
	defer rdb.Close()
	info, err := rdb.Info(context.Background(), "replication").Result()
	return err == nil && strings.Contains(info, "role:master") && strings.Count(info, "state=online") == len(s.Servers)-1
}

// settle returns when the replicas follow the master and the Sentinels know of them and of each other.
func (s *Sentinel) settle(t testing.TB) {
	t.Helper()
	for _, w := range s.sentinels {
		c := redis.NewSentinelClient(&redis.Options{Addr: w.Addr})
		defer c.Close()
		until(t, "a Sentinel knows the others", func() error {
			m, err := c.Master(context.Background(), masterName).Result()
			if err == nil && (m["num-slaves"] != "2" || m["num-other-sentinels"] != "2") {
				err = fmt.Errorf("%s replicas, %s others", m["num-slaves"], m["num-other-sentinels"])
			}
			return err
		})
	}
	for _, r := range s.Servers[1:] {
		rdb := redis.NewClient(&redis.Options{Addr: r.Addr})
		defer rdb.Close()
		until(t, "a replica follows", func() error {
			info, err := rdb.Info(context.Background(), "replication").Result()
			if err == nil && !strings.Contains(info, "master_link_status:up") {
				err = errors.New("its link is down")
			}
			return err
		})
	}
}
