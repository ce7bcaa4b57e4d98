package service

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

	"github.com/sunbulk/sunbulk/sunco"
)

// Warning is something about a Redis that endangers jobs.
type Warning struct {
	Text string
	Hint string // what to do about it
}

// Open connects to the Redis at a URL, and says what about it endangers jobs. *Invalid and *Unavailable are its errors.
func Open(ctx context.Context, address string) (*Service, []Warning, error) {
	redis.SetLogger(silence{}) // what it would say comes back as an error, without addresses
	rdb, err := dial(address)
	if err != nil {
		return nil, nil, &Invalid{"redis", err.Error()}
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	warnings, err := judge(ctx, rdb, address)
	if err != nil {
		rdb.Close()
		return nil, nil, err
	}
	s, err := New(rdb)
	return s, warnings, err
}

// reload is how often the client asks a Cluster who is the master of what. A dead master's connections are refused, which tells it nothing.
const reload = time.Second

func dial(address string) (redis.UniversalClient, error) {
	u, err := url.Parse(address)
	switch {
	case strings.Contains(address, "@") && (err != nil || !isRedis(u) || strings.Contains(u.Path+u.RawQuery+u.Fragment, "@")): // what is wrong with it may be the password
		return nil, errors.New("it is not a Redis URL; in a password % / ? # @ are written %25 %2F %3F %23 %40")
	case err != nil || !isRedis(u):
		return nil, fmt.Errorf("%q is not a Redis URL", address)
	}
	switch q := u.Query(); {
	case q.Has("master_name"):
		opt, err := redis.ParseFailoverURL(address)
		if err != nil {
			return nil, badURL(err)
		}
		return redis.NewFailoverClient(opt), nil
	case q.Has("addr"):
		opt, err := redis.ParseClusterURL(address)
		if err != nil {
			return nil, badURL(err)
		}
		opt.ClusterStateReloadInterval = reload
		return redis.NewClusterClient(opt), nil
	}
	opt, err := redis.ParseURL(address)
	if err != nil {
		return nil, badURL(err)
	}
	return redis.NewClient(opt), nil
}

func isRedis(u *url.URL) bool {
	return u.Opaque == "" && (u.Scheme == "redis" || u.Scheme == "rediss" || u.Scheme == "unix")
}

// badURL is the parser's error about a part of a URL, without how it came to it.
func badURL(err error) error {
	text, _, _ := strings.Cut(strings.TrimPrefix(err.Error(), "redis: "), ": strconv.")
	return errors.New(strings.TrimRight(text, ": "))
}

// silence is a logger of go-redis, which otherwise writes to stderr by itself.
type silence struct{}

// Printf writes nothing.
func (silence) Printf(context.Context, string, ...any) {}

// redact keeps a password in the address out of an error: a server may quote what it was sent.
func redact(err error, address string) string {
	u, perr := url.Parse(address)
	if perr != nil {
		return err.Error()
	}
	password, _ := u.User.Password()
	return sunco.NewRedactor(password, u.Query().Get("password")).Redact(err.Error())
}

// deniedForm is that of what Redis and Sentinel answer without, or with a wrong, user or password.
var deniedForm = regexp.MustCompile(`\b(NOAUTH|WRONGPASS|NOPERM)\b`)

var infoLine = regexp.MustCompile(`(?m)^([a-z_]+):(.*?)\r?$`)

// judge refuses a Redis that does not answer or is too old, and warns of one that may forget what it is told.
func judge(ctx context.Context, rdb redis.UniversalClient, address string) (warnings []Warning, err error) {
	info, err := rdb.Info(ctx, "server", "memory", "persistence").Result()
	if err != nil {
		return nil, &Unavailable{Denied: deniedForm.MatchString(err.Error()), err: fmt.Errorf("redis does not answer: %s", redact(err, address))}
	}
	fields := map[string]string{}
	for _, m := range infoLine.FindAllStringSubmatch(info, -1) {
		fields[m[1]] = m[2]
	}
	major, rest, _ := strings.Cut(fields["redis_version"], ".")
	minor, _, _ := strings.Cut(rest, ".")
	ma, _ := strconv.Atoi(major)
	mi, _ := strconv.Atoi(minor)
	if ma < 6 || ma == 6 && mi < 2 {
		return nil, &Unavailable{Outdated: true, err: fmt.Errorf("redis is version %s", fields["redis_version"])}
	}
	if policy := fields["maxmemory_policy"]; policy != "" && policy != "noeviction" {
		warnings = append(warnings, Warning{"Redis may evict jobs: its maxmemory-policy is " + policy, "set it to noeviction"})
	}
	if fields["aof_enabled"] == "0" {
		text := "Redis may forget the last minutes when it crashes: it only takes snapshots"
		if !snapshots(ctx, rdb) {
			text = "Redis forgets every job when it restarts: it persists nothing"
		}
		warnings = append(warnings, Warning{text, "appendonly yes, appendfsync always"})
	}
	return warnings, nil
}

// snapshots tells whether Redis saves snapshots; where that cannot be asked, that it does.
func snapshots(ctx context.Context, rdb redis.UniversalClient) bool {
	save, err := rdb.ConfigGet(ctx, "save").Result()
	return err != nil || save["save"] != ""
}
