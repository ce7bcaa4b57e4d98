package service

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// replicate returns when all replicas have what was written about a job, and it is still as it should be: one may have been promoted already, and
// the old master, which lacks its confirmation, still answer. A replica that is behind, or is gone unnoticed, costs some seconds.
func (s *Service) replicate(ctx context.Context, job string, verify func(ctx context.Context, job string) error) error {
	const most, look = 5 * time.Second, 200 * time.Millisecond
	for end := time.Now().Add(most); ; {
		replicated, err := s.ledger.Replicated(ctx, job, s.replicaCount(ctx, job))
		if err == nil {
			err = verify(ctx, job)
		}
		if err != nil || replicated || time.Now().After(end) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(look):
		}
	}
}

// replicaCount tells how many replicas of a Redis may be promoted: those that a Sentinel knows of, or else those that the master of a job has.
func (s *Service) replicaCount(ctx context.Context, job string) int {
	if opt, err := redis.ParseFailoverURL(s.address); err == nil && query(s.address).Has("master_name") {
		counts := make([]int, len(opt.SentinelAddrs))
		var asked sync.WaitGroup
		for i, addr := range opt.SentinelAddrs {
			asked.Go(func() { counts[i] = watched(ctx, opt, addr) })
		}
		asked.Wait()
		return slices.Max(append(counts, 0))
	}
	master, err := s.ledger.Master(ctx, job)
	if err != nil {
		return 0
	}
	is, _ := info(ctx, master) // who may not ask is not made to wait
	n, _ := strconv.Atoi(is["connected_slaves"])
	return n
}

// watched is how many replicas that are up a Sentinel knows of; 0 when it does not answer.
func watched(ctx context.Context, opt *redis.FailoverOptions, addr string) (n int) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	c := redis.NewSentinelClient(&redis.Options{Addr: addr, Username: opt.SentinelUsername, Password: opt.SentinelPassword, TLSConfig: opt.TLSConfig, MaxRetries: -1, DialerRetries: 1, DialTimeout: patience})
	defer c.Close()
	replicas, _ := c.Replicas(ctx, opt.MasterName).Result()
	for _, r := range replicas {
		if r["flags"] == "slave" {
			n++
		}
	}
	return n
}
