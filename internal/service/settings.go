package service

import (
	"context"
	"net"
	"slices"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
)

// settings are what servers say of themselves that endangers jobs, and which of them do.
type settings struct {
	mu   sync.Mutex
	all  []Warning
	said map[string][]string // servers by the text of a warning
}

// judge warns of a Redis that may forget what it confirmed: of each node of a Cluster, and of the replicas that a Sentinel may
// promote, as far as they can be asked. is reports the server that was asked first.
func judge(ctx context.Context, rdb redis.UniversalClient, address string, is map[string]string) []Warning {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	s := &settings{said: map[string][]string{}}
	cluster, ok := rdb.(*redis.ClusterClient)
	switch {
	case ok:
		_ = cluster.ForEachShard(ctx, func(ctx context.Context, node *redis.Client) error { // one that is down says nothing
			if is, err := info(ctx, node); err == nil {
				s.judge(ctx, node, node.Options().Addr, is)
			}
			return nil
		})
	case query(address).Has("master_name"):
		s.judge(ctx, rdb, "the master", is)
		s.replicas(ctx, address, is)
	default:
		if is["role"] == "slave" {
			s.warn("Redis is a replica of "+net.JoinHostPort(is["master_host"], is["master_port"])+", and takes no writes", "give its master, or its Sentinels with master_name=", "")
		}
		s.judge(ctx, rdb, "", is)
	}
	return s.warnings()
}

// replicas judges those of the master that a Sentinel watches.
func (s *settings) replicas(ctx context.Context, address string, master map[string]string) {
	opt, err := redis.ParseFailoverURL(address)
	if err != nil {
		return
	}
	var asked sync.WaitGroup
	for name, value := range master {
		if !strings.HasPrefix(name, "slave") || !strings.Contains(value, "ip=") {
			continue
		}
		part := map[string]string{}
		for _, pair := range strings.Split(value, ",") {
			name, value, _ := strings.Cut(pair, "=")
			part[name] = value
		}
		addr := net.JoinHostPort(part["ip"], part["port"])
		asked.Go(func() {
			c := redis.NewClient(&redis.Options{Addr: addr, Username: opt.Username, Password: opt.Password, TLSConfig: opt.TLSConfig, MaxRetries: -1, DialerRetries: 1, DialTimeout: patience})
			defer c.Close()
			if is, err := info(ctx, c); err == nil {
				s.judge(ctx, c, "replica "+addr, is)
			}
		})
	}
	asked.Wait()
}

// judge looks at one server. Settings that its user may not ask for are taken to be fine.
func (s *settings) judge(ctx context.Context, rdb redis.Cmdable, name string, is map[string]string) {
	config := func(setting string) string {
		values, err := rdb.ConfigGet(ctx, setting).Result()
		if err != nil {
			return "unknown"
		}
		return values[setting]
	}
	if policy := is["maxmemory_policy"]; policy != "" && policy != "noeviction" {
		s.warn("Redis may evict jobs: its maxmemory-policy is "+policy, "set it to noeviction", name)
	}
	const hint = "appendonly yes, appendfsync always"
	switch is["aof_enabled"] {
	case "0":
		text := "Redis may forget the last minutes when it crashes: it only takes snapshots"
		if config("save") == "" {
			text = "Redis forgets every job when it restarts: it persists nothing"
		}
		s.warn(text, hint, name)
	case "1":
		switch config("appendfsync") {
		case "everysec":
			s.warn("Redis may forget the last second or two when its machine crashes: its appendfsync is everysec", hint, name)
		case "no":
			s.warn("Redis may forget the last half minute when its machine crashes: its appendfsync is no", hint, name)
		}
	}
}

func (s *settings) warn(text, hint, server string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, said := s.said[text]; !said {
		s.all = append(s.all, Warning{text, hint})
	}
	s.said[text] = append(s.said[text], server)
}

// warnings names the servers that each is about, where there are several.
func (s *settings) warnings() []Warning {
	for i, w := range s.all {
		servers := s.said[w.Text]
		slices.Sort(servers)
		if servers[0] != "" {
			s.all[i].Text += " (" + strings.Join(servers, ", ") + ")"
		}
	}
	slices.SortFunc(s.all, func(a, b Warning) int { return strings.Compare(a.Text, b.Text) })
	return s.all
}
