package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	goredis "github.com/redis/go-redis/v9"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/sunbulk/sunbulk/internal/redistest"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
)

// stats [until] NAME=N…: the simulator counts N once it has ended all calls, since one whose caller
// has gone may still create a client; with until, it counts N or more in a while. Names are created,
// removed, duplicates and calls (all on clients).
func stats(_ *script, ts *testscript.TestScript, args []string) error {
	until := len(args) > 0 && args[0] == "until"
	if until {
		args = args[1:]
	}
	var last error
	err := wait("the simulator counts "+strings.Join(args, " "), func() (bool, error) {
		s, err := readStats(ts.Getenv("SIM"))
		if err != nil {
			return false, err
		}
		if until {
			return checkStats(s, args, true) == nil, nil
		}
		last = checkStats(s, args, false)
		return s.InFlight == 0, nil
	})
	return cmp.Or(err, last)
}

func readStats(sim string) (s suncotest.Stats, err error) {
	body, err := ask(http.MethodGet, sim+"/_sim/stats", "")
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal(body, &s)
}

func checkStats(s suncotest.Stats, args []string, orMore bool) error {
	counts := map[string]int64{
		"created": s.Created, "removed": s.Removed, "duplicates": s.Duplicates,
		"calls": s.Calls["create"] + s.Calls["list"] + s.Calls["remove"],
	}
	for _, arg := range args {
		name, number, _ := strings.Cut(arg, "=")
		want, err := strconv.ParseInt(number, 10, 64)
		got, known := counts[name]
		if err != nil || !known {
			return fmt.Errorf("%q is not NAME=N", arg)
		}
		if got != want && !(orMore && got > want) {
			return fmt.Errorf("simulator counts %s: got %d, want %d\n%+v", name, got, want, s)
		}
	}
	return nil
}

// knobs JSON: the faults of the simulator change.
func knobs(_ *script, ts *testscript.TestScript, args []string) error {
	_, err := ask(http.MethodPut, ts.Getenv("SIM")+"/_sim/knobs", args[0])
	return err
}

func ask(method, url, body string) ([]byte, error) {
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", res.Status, answer)
	}
	return answer, err
}

// redis: a Redis of the script's own, at $REDIS.
func startRedis(s *script, ts *testscript.TestScript, _ []string) error {
	s.redis = redistest.Start(s.t)
	ts.Setenv("REDIS", s.redis.URL())
	return nil
}

// await [run] STATE or FIELD=VALUE: the job $JOB, or the run $RUN, comes to the state, or a field of its hash
// to the value.
func await(s *script, ts *testscript.TestScript, args []string) error {
	rdb, key := s.redis.Client(s.t), "sunbulk:{"+ts.Getenv("JOB")+"}"
	if args[0] == "run" {
		args, key = args[1:], "sunbulk:run:{"+ts.Getenv("RUN")+"}"
	}
	return wait(key+" is "+args[0], func() (bool, error) {
		field, want, other := strings.Cut(args[0], "=")
		if !other {
			field, want = "state", args[0]
		}
		got, err := rdb.HGet(context.Background(), key, field).Result()
		if errors.Is(err, goredis.Nil) {
			return false, nil
		}
		return got == want, err
	})
}

// queued N [PLACE]: the first job in Redis, or the one at that place, comes to have N batches.
func queued(s *script, _ *testscript.TestScript, args []string) error {
	ctx, rdb := context.Background(), s.redis.Client(s.t)
	want, err := strconv.ParseInt(args[0], 10, 64)
	if err != nil {
		return err
	}
	place := 1
	if len(args) > 1 {
		if place, err = strconv.Atoi(args[1]); err != nil {
			return err
		}
	}
	return wait(args[0]+" batches are queued", func() (bool, error) {
		ids, err := rdb.ZRange(ctx, "sunbulk:jobs", 0, -1).Result()
		if err != nil || len(ids) < place {
			return false, err
		}
		got, err := rdb.HGet(ctx, "sunbulk:{"+ids[place-1]+"}", "batches").Int64()
		return got >= want, err
	})
}

// keys NAME…: these are all the keys in Redis, but for the pace of apps and the claims of inputs.
// JOB stands for $JOB.
func keys(s *script, ts *testscript.TestScript, args []string) error {
	found, err := s.redis.Client(s.t).Keys(context.Background(), "*").Result()
	if err != nil {
		return err
	}
	got := []string{}
	for _, k := range found {
		if !strings.HasPrefix(k, "sunbulk:pace:") && !strings.HasPrefix(k, "sunbulk:input:") {
			if job := ts.Getenv("JOB"); job != "" {
				k = strings.ReplaceAll(k, job, "JOB")
			}
			got = append(got, k)
		}
	}
	slices.Sort(got)
	slices.Sort(args)
	if diff := gocmp.Diff(args, got); diff != "" {
		return fmt.Errorf("keys (-want +got):\n%s", diff)
	}
	return nil
}

// dump FILE: every key in Redis and its value, what is compressed also unpacked.
func dump(s *script, ts *testscript.TestScript, args []string) error {
	ctx, rdb := context.Background(), s.redis.Client(s.t)
	var out bytes.Buffer
	names, err := rdb.Keys(ctx, "*").Result()
	if err != nil {
		return err
	}
	for _, name := range names {
		kind, err := rdb.Type(ctx, name).Result()
		if err != nil {
			return err
		}
		if kind == "none" { // gone meanwhile
			continue
		}
		read := map[string][]any{
			"string": {"GET", name}, "hash": {"HGETALL", name}, "list": {"LRANGE", name, 0, -1},
			"set": {"SMEMBERS", name}, "zset": {"ZRANGE", name, 0, -1}, "stream": {"XRANGE", name, "-", "+"},
		}
		value, err := rdb.Do(ctx, read[kind]...).Result()
		if err != nil && !errors.Is(err, goredis.Nil) {
			return err
		}
		fmt.Fprintf(&out, "%s\n%v\n%s\n", name, value, unpack(fmt.Sprint(value)))
	}
	return os.WriteFile(ts.MkAbs(args[0]), out.Bytes(), 0o600)
}

// unpack returns what the zstd frames in s hold.
func unpack(s string) []byte {
	var out []byte
	dec, err := zstd.NewReader(nil)
	if err != nil {
		return nil
	}
	defer dec.Close()
	const magic = "\x28\xb5\x2f\xfd"
	for _, frame := range strings.SplitAfter(s, magic)[1:] {
		// What follows the frame is an error, after the frame's content.
		plain, _ := dec.DecodeAll([]byte(magic+frame), nil)
		out = append(append(out, plain...), '\n')
	}
	return out
}
