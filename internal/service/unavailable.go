package service

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/internal/redisfault"
)

// unavailable says why the Redis at an address cannot be used. Where the error does not tell, it looks whether it is because of the address.
func unavailable(ctx context.Context, err error, address string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	e := &Unavailable{Fault: redisfault.Of(err)}
	text := "redis does not answer: "
	switch {
	case e.Fault == redisfault.NotCluster:
		e.Better = better(address, func(q url.Values) { q.Del("addr") })
	case query(address).Has("master_name") && (e.Fault == redisfault.NoAnswer || e.Fault == redisfault.NotSentinel):
		e.Fault, e.Better = ofSentinel(ctx, address, e.Fault)
	case e.Fault == redisfault.NoAnswer && speaksTLS(ctx, address):
		e.Fault = redisfault.TLSPort
		e.Better = strings.Replace(better(address, func(url.Values) {}), "redis://", "rediss://", 1)
	case e.Fault == redisfault.PlainPort:
		e.Better = strings.Replace(better(address, func(url.Values) {}), "rediss://", "redis://", 1)
	}
	if e.Fault != redisfault.NoAnswer && e.Fault != redisfault.None {
		text = "redis cannot be used: "
	}
	e.err = errors.New(text + redact(err, address))
	return e
}

// patience is for one look at one server.
const patience = 3 * time.Second

// better is an address with another query and without passwords, which the reader has to put in again.
func better(address string, change func(url.Values)) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	q := u.Query()
	if q.Has("password") {
		q.Set("password", "PASSWORD")
	}
	change(q)
	u.RawQuery = strings.ReplaceAll(q.Encode(), "%3A", ":")
	if u.User != nil {
		if _, set := u.User.Password(); set {
			u.User = url.UserPassword(u.User.Username(), "PASSWORD")
		}
	}
	return u.String()
}

// clusterURL is an address with another node of its Cluster, if it tells one.
func clusterURL(ctx context.Context, rdb redis.UniversalClient, address string) string {
	other := "HOST2:6379"
	slots, _ := rdb.ClusterSlots(ctx).Result()
	for _, s := range slots {
		for _, n := range s.Nodes {
			if u, err := url.Parse(address); err == nil && n.Addr != u.Host && !strings.HasPrefix(n.Addr, ":") {
				other = n.Addr
			}
		}
	}
	return better(address, func(q url.Values) { q.Set("addr", other) })
}

// sentinelURL is the address of a Sentinel with the master that it watches.
func sentinelURL(ctx context.Context, address string) string {
	name := "NAME"
	if names, err := masters(ctx, address); err == nil && len(names) > 0 {
		name = names[0]
	}
	return better(address, func(q url.Values) { q.Set("master_name", name) })
}

// masters returns the names that the Sentinel at an address knows.
func masters(ctx context.Context, address string) ([]string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	u.RawQuery = url.Values{}.Encode()
	opt, err := redis.ParseURL(u.String())
	if err != nil {
		return nil, err
	}
	opt.MaxRetries, opt.DialTimeout, opt.DialerRetries = -1, patience, 1
	c := redis.NewSentinelClient(opt)
	defer c.Close()
	reply, err := c.Masters(ctx).Result()
	var names []string
	for _, m := range reply {
		switch f := m.(type) {
		case map[any]any:
			names = append(names, fmt.Sprint(f["name"]))
		case []any:
			for i := 0; i+1 < len(f); i += 2 {
				if f[i] == "name" {
					names = append(names, fmt.Sprint(f[i+1]))
				}
			}
		}
	}
	return names, err
}

// ofSentinel says what is the matter with the address of a Sentinel.
func ofSentinel(ctx context.Context, address string, known redisfault.Fault) (redisfault.Fault, string) {
	names, err := masters(ctx, address)
	switch f := redisfault.Of(err); {
	case err == nil && !slices.Contains(names, query(address).Get("master_name")):
		return redisfault.NoMaster, sentinelURL(ctx, address)
	case err != nil && strings.Contains(strings.ToLower(err.Error()), "unknown command"):
		return redisfault.NotSentinel, better(address, func(q url.Values) { q.Del("master_name"); q.Del("addr") })
	case err != nil && f != redisfault.None:
		return f, ""
	}
	return known, ""
}

// shakeHands looks whether the first server of a rediss:// address speaks TLS and is trusted. A plain one would be silent until a
// timeout. That it cannot be reached is no error: others may be.
func shakeHands(ctx context.Context, address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "rediss" {
		return nil
	}
	opt, err := redis.ParseURL("rediss://" + u.Host)
	if err != nil {
		return nil
	}
	opt.TLSConfig.InsecureSkipVerify = query(address).Get("skip_verify") == "true"
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", opt.Addr)
	if err != nil {
		return nil
	}
	defer conn.Close()
	err = tls.Client(conn, opt.TLSConfig).HandshakeContext(ctx)
	if redisfault.Of(err) == redisfault.NoAnswer && speaksPlain(ctx, opt.Addr) {
		return errors.New("tls: first record does not look like a TLS handshake")
	}
	return err
}

// speaksPlain tells whether a server answers without TLS.
func speaksPlain(ctx context.Context, addr string) bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return false
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	first := make([]byte, 1)
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		return false
	}
	_, err = conn.Read(first)
	return err == nil && (first[0] == '+' || first[0] == '-')
}

// speaksTLS tells whether the server of a redis:// address does, with any certificate.
func speaksTLS(ctx context.Context, address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "redis" {
		return false
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", u.Host)
	if err != nil {
		return false
	}
	defer conn.Close()
	return tls.Client(conn, &tls.Config{InsecureSkipVerify: true}).HandshakeContext(ctx) == nil //nolint:gosec // nothing is sent over it
}
