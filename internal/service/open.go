package service

import (
	"context"
	"errors"
	"fmt"
	"net/url"
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
	warnings, err := inspect(ctx, rdb, address)
	if err != nil {
		rdb.Close()
		return nil, nil, err
	}
	s, err := New(rdb)
	if err != nil {
		rdb.Close()
		return nil, nil, err
	}
	s.address = address
	return s, warnings, nil
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
