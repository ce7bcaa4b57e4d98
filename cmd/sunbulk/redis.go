package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/spf13/pflag"

	"github.com/sunbulk/sunbulk/internal/service"
)

func redisFlag(f *pflag.FlagSet, target *string, meaning string) {
	f.StringVar(target, "redis", "", meaning)
}

const redisMeaning = "Redis URL: redis://, rediss://; ?addr=HOST:PORT for Cluster, ?master_name=NAME for Sentinel"

func replicasFlag(f *pflag.FlagSet, target *int) {
	f.IntVar(target, "replicas", 0, "replicas of Redis that must know of a create that messages a person before it is sent (default 0)")
}

// checkReplicas refuses what no Redis can give.
func checkReplicas(replicas int, redis string) error {
	switch {
	case replicas < 0 || replicas > 100:
		return usage(fmt.Sprintf("--replicas: %d is not between 0 and 100", replicas), "")
	case replicas > 0 && redis == "":
		return usage("--replicas: without --redis there are none", "give --redis, or leave it out")
	}
	return nil
}

// open connects to a real Redis and says what about it endangers jobs.
func (p *program) open(ctx context.Context, address string) (*service.Service, error) {
	if address == "" {
		return nil, usage("no Redis", "give --redis redis://HOST:6379, or set SUNBULK_REDIS")
	}
	s, warnings, err := service.Open(ctx, address)
	for _, w := range warnings {
		p.warn(w)
	}
	return s, err
}

// warn tells what about a Redis endangers jobs, in the form of the log where that is JSON.
func (p *program) warn(w service.Warning) {
	if log, err := p.logger(slog.LevelWarn); err == nil && p.logFormat == "json" {
		log.Warn(w.Text, "hint", w.Hint)
		return
	}
	printf(p.screen, "warning: %s (hint: %s)\n", w.Text, w.Hint)
}

// withRedis does something with a real Redis.
func (p *program) withRedis(address string, do func(ctx context.Context, s *service.Service) error) error {
	s, err := p.open(p.drain, address)
	if err != nil {
		return err
	}
	defer s.Close()
	return do(p.drain, s)
}
