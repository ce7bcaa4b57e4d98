package service

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/sunbulk/sunbulk/internal/lazyregexp"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/internal/redisfault"
)

// inspect refuses a Redis that does not answer, is too old, or is another kind than the URL says, and warns of one that may forget
// what it confirmed.
func inspect(ctx context.Context, rdb redis.UniversalClient, address string) ([]Warning, error) {
	if err := shakeHands(ctx, address); err != nil {
		return nil, unavailable(ctx, err, address)
	}
	is, infoErr := info(ctx, rdb)
	if redisfault.Of(infoErr) == redisfault.NotAllowed {
		is, _ = hello(ctx, rdb) // which a user may send who may not ask for INFO
	} else if infoErr != nil {
		return nil, unavailable(ctx, infoErr, address)
	}
	if version := is["redis_version"]; version != "" && !recent(version) {
		return nil, &Unavailable{Outdated: true, err: fmt.Errorf("redis is version %s", version)}
	}
	q := query(address)
	switch single := !q.Has("addr") && !q.Has("master_name"); {
	case single && is["redis_mode"] == "cluster":
		return nil, &Unavailable{Fault: redisfault.IsCluster, Better: clusterURL(ctx, rdb, address), err: errors.New("--redis is a node of a Redis Cluster, and names no other")}
	case single && is["redis_mode"] == "sentinel":
		return nil, &Unavailable{Fault: redisfault.IsSentinel, Better: sentinelURL(ctx, address), err: errors.New("--redis is a Redis Sentinel, and names no master")}
	case infoErr != nil:
		return []Warning{{"Redis' settings could not be checked: its user may not run INFO",
			"allow it +info; or see to it that appendonly is yes, appendfsync always, and maxmemory-policy noeviction"}}, nil
	}
	return judge(ctx, rdb, address, is), nil
}

func query(address string) url.Values {
	u, err := url.Parse(address)
	if err != nil {
		return nil
	}
	return u.Query()
}

var infoLine = lazyregexp.New(`(?m)^([a-z_0-9]+):(.*?)\r?$`)

// info returns what a server says of itself. Only newer ones than 6.2 take several sections, and a Sentinel has others.
func info(ctx context.Context, rdb redis.Cmdable) (map[string]string, error) {
	text, err := rdb.Info(ctx).Result()
	if err != nil {
		return nil, err
	}
	fields := map[string]string{}
	for _, m := range infoLine().FindAllStringSubmatch(text, -1) {
		fields[m[1]] = m[2]
	}
	return fields, nil
}

// hello returns version and mode, by the names that they have in info.
func hello(ctx context.Context, rdb redis.UniversalClient) (map[string]string, error) {
	reply, err := rdb.Do(ctx, "HELLO").Result()
	if err != nil {
		return nil, err
	}
	fields := map[string]string{}
	set := func(name, value any) {
		switch name {
		case "version":
			fields["redis_version"] = fmt.Sprint(value)
		case "mode":
			fields["redis_mode"] = fmt.Sprint(value)
		}
	}
	switch r := reply.(type) {
	case map[any]any:
		for name, value := range r {
			set(name, value)
		}
	case []any:
		for i := 0; i+1 < len(r); i += 2 {
			set(r[i], r[i+1])
		}
	}
	return fields, nil
}

// recent tells whether a version is 6.2 or later.
func recent(version string) bool {
	major, rest, _ := strings.Cut(version, ".")
	minor, _, _ := strings.Cut(rest, ".")
	ma, _ := strconv.Atoi(major)
	mi, _ := strconv.Atoi(minor)
	return ma > 6 || ma == 6 && mi >= 2
}
