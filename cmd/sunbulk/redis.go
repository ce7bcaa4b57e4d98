package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/spf13/pflag"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/queue"
	"github.com/sunbulk/sunbulk/internal/runs"
	"github.com/sunbulk/sunbulk/jobs"
)

func redisFlag(f *pflag.FlagSet, target *string, meaning string) {
	f.StringVar(target, "redis", "", meaning)
}

const redisMeaning = "Redis URL: redis://, rediss://; ?addr=HOST:PORT for Cluster, ?master_name=NAME for Sentinel"

// store is the Redis of a command, with what is kept there.
type store struct {
	rdb    redis.UniversalClient
	codec  *jobs.Codec
	ledger *ledger.Ledger
	queues *queue.Queues
}

func newStore(rdb redis.UniversalClient) (*store, error) {
	codec, err := jobs.NewCodec()
	if err != nil {
		return nil, err
	}
	return &store{rdb, codec, ledger.New(rdb, codec), queue.New(rdb, codec)}, nil
}

func (s *store) Close() error { return s.rdb.Close() }

// openStore connects to a real Redis and says what about it endangers jobs.
func (p *program) openStore(ctx context.Context, address string) (*store, error) {
	if address == "" {
		return nil, usage("no Redis", "give --redis redis://HOST:6379, or set SUNBULK_REDIS")
	}
	redis.SetLogger(silence{}) // what it would say comes back as an error, without addresses
	rdb, err := dialRedis(address)
	if err != nil {
		return nil, usage("--redis: "+err.Error(), "e.g. redis://localhost:6379/0")
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	info, err := rdb.Info(ctx, "server", "memory", "persistence").Result()
	if err != nil {
		rdb.Close()
		return nil, cannotRun(fmt.Errorf("redis does not answer: %s", redact(err, address)), "check --redis, and that the server runs; 'docker compose up -d redis' starts one")
	}
	if err := p.judgeRedis(ctx, rdb, info); err != nil {
		rdb.Close()
		return nil, err
	}
	return newStore(rdb)
}

// openJob connects to a real Redis and reads a job of it. The caller closes the store.
func (p *program) openJob(ctx context.Context, address, id string) (*store, jobs.Job, error) {
	st, err := p.openStore(ctx, address)
	if err != nil {
		return nil, jobs.Job{}, err
	}
	job, err := st.ledger.Job(ctx, id)
	if err != nil {
		err = st.orRun(ctx, id, err)
		st.Close()
		return nil, jobs.Job{}, err
	}
	return st, job, nil
}

// orRun tells of an id that is no job's whether it is a run's.
func (s *store) orRun(ctx context.Context, id string, err error) error {
	if !errors.Is(err, ledger.ErrNoJob) {
		return err
	}
	if _, none := runs.NewStore(s.rdb).Run(ctx, id); none != nil {
		return err
	}
	return usage(id+" is no job, it is a run of a runbook", "its commands are below 'sunbulk runbook', e.g. 'sunbulk runbook status "+id+"'")
}

// orJob tells of an id that is no run's whether it is a job's.
func (s *store) orJob(ctx context.Context, id string, err error) error {
	if !errors.Is(err, runs.ErrNoRun) {
		return err
	}
	job, none := s.ledger.Job(ctx, id)
	switch {
	case none != nil:
		return err
	case job.Options.Run != "":
		return usage(fmt.Sprintf("%s is no run, it is the job of a step of run %s", id, job.Options.Run), "e.g. 'sunbulk runbook status "+job.Options.Run+"'")
	}
	return usage(id+" is no run, it is a job", "its commands are the same without runbook, e.g. 'sunbulk status "+id+"'")
}

func dialRedis(address string) (redis.UniversalClient, error) {
	u, err := url.Parse(address)
	switch {
	case strings.Contains(address, "@") && (err != nil || !isRedis(u)): // what is wrong with it may be the password
		return nil, errors.New("it is not a Redis URL")
	case err != nil || !isRedis(u):
		return nil, fmt.Errorf("%q is not a Redis URL", address)
	}
	switch q := u.Query(); {
	case q.Has("master_name"):
		opt, err := redis.ParseFailoverURL(address)
		if err != nil {
			return nil, badRedis(err)
		}
		return redis.NewFailoverClient(opt), nil
	case q.Has("addr"):
		opt, err := redis.ParseClusterURL(address)
		if err != nil {
			return nil, badRedis(err)
		}
		return redis.NewClusterClient(opt), nil
	}
	opt, err := redis.ParseURL(address)
	if err != nil {
		return nil, badRedis(err)
	}
	return redis.NewClient(opt), nil
}

func isRedis(u *url.URL) bool {
	return u.Opaque == "" && (u.Scheme == "redis" || u.Scheme == "rediss" || u.Scheme == "unix")
}

// badRedis is the parser's error about a part of a URL, without how it came to it.
func badRedis(err error) error {
	text, _, _ := strings.Cut(strings.TrimPrefix(err.Error(), "redis: "), ": strconv.")
	return errors.New(strings.TrimRight(text, ": "))
}

// silence is a logger of go-redis, which otherwise writes to stderr by itself.
type silence struct{}

// Printf writes nothing.
func (silence) Printf(context.Context, string, ...any) {}

// redact keeps a password in the address out of an error.
func redact(err error, address string) string {
	text := err.Error()
	if u, perr := url.Parse(address); perr == nil && u.User != nil {
		if password, ok := u.User.Password(); ok && password != "" {
			text = strings.ReplaceAll(text, password, "***")
		}
	}
	return text
}

var infoLine = regexp.MustCompile(`(?m)^([a-z_]+):(.*?)\r?$`)

// judgeRedis refuses a Redis that is too old, and says out loud when it may forget what it is told.
func (p *program) judgeRedis(ctx context.Context, rdb redis.UniversalClient, info string) error {
	fields := map[string]string{}
	for _, m := range infoLine.FindAllStringSubmatch(info, -1) {
		fields[m[1]] = m[2]
	}
	major, rest, _ := strings.Cut(fields["redis_version"], ".")
	minor, _, _ := strings.Cut(rest, ".")
	ma, _ := strconv.Atoi(major)
	mi, _ := strconv.Atoi(minor)
	if ma < 6 || ma == 6 && mi < 2 {
		return cannotRun(fmt.Errorf("redis is version %s", fields["redis_version"]), "sunbulk needs 6.2 or later")
	}
	if policy := fields["maxmemory_policy"]; policy != "" && policy != "noeviction" {
		fmt.Fprintf(p.screen, "warning: Redis may evict jobs: its maxmemory-policy is %s (hint: set it to noeviction)\n", policy)
	}
	if fields["aof_enabled"] == "0" && !p.snapshots(ctx, rdb) {
		fmt.Fprintln(p.screen, "warning: Redis forgets every job when it restarts: it persists nothing (hint: appendonly yes, appendfsync always)")
	} else if fields["aof_enabled"] == "0" {
		fmt.Fprintln(p.screen, "warning: Redis may forget the last minutes when it crashes: it only takes snapshots (hint: appendonly yes, appendfsync always)")
	}
	return nil
}

// snapshots tells whether Redis saves snapshots; where that cannot be asked, that it does.
func (p *program) snapshots(ctx context.Context, rdb redis.UniversalClient) bool {
	save, err := rdb.ConfigGet(ctx, "save").Result()
	return err != nil || save["save"] != ""
}
