package localredis

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/internal/redistest"
)

// scriptTexts are scripts with KEYS k, l and ARGV 1, two.
var scriptTexts = []string{
	"return 7",
	"return 7.9",
	"return -7.9",
	"return 'text'",
	"return true",
	"return false",
	"return nil",
	"return",
	"return {1, 'two', {3, true}, false, 5}",
	"return {1, nil, 3}",
	"return {}",
	"return {ok = 'FINE'}",
	"return {err = 'BAD thing'}",
	"return redis.status_reply('FINE')",
	"return redis.error_reply('BAD thing')",
	"return redis.error_reply('bad')",
	"return {KEYS[1], KEYS[2], ARGV[1], ARGV[2], #KEYS, #ARGV}",
	"return redis.call('SET', KEYS[1], ARGV[2])",
	"return redis.call('SET', KEYS[1], 12)",
	"redis.call('SET', KEYS[1], 3.25) return redis.call('GET', KEYS[1])",
	"return redis.call('GET', KEYS[2])",
	"return {redis.call('GET', KEYS[2]) == false, redis.call('EXISTS', KEYS[2])}",
	"redis.call('HSET', KEYS[1], 'a', 1, 'b', 2) return redis.call('HMGET', KEYS[1], 'a', 'none', 'b')",
	"redis.call('RPUSH', KEYS[1], 'x', 'y') return redis.call('LRANGE', KEYS[1], 0, -1)",
	"redis.call('XADD', KEYS[1], '1-1', 'c', ARGV[1]) return redis.call('XRANGE', KEYS[1], '-', '+')",
	"return redis.call('SET', KEYS[1], 'x').ok",
	"return redis.pcall('HGET', KEYS[1])",
	"redis.call('SET', KEYS[1], 'x') return redis.pcall('HGET', KEYS[1], 'f').err",
	"redis.call('SET', KEYS[1], 'x') return redis.call('HGET', KEYS[1], 'f')",
	"return redis.call('NONSENSE')",
	"return redis.call()",
	"return redis.call('SET', KEYS[1], {})",
	"return redis.call('SET', KEYS[1], true)",
	"error('by itself')",
	"leak = 1",
	"return leaked",
	"return nothing.here",
	"this is no script",
	"return string.format('%d %s', math.floor(2.7), table.concat({'a', 'b'}, ','))",
	"return {string.match('12:1:x', '^(%d+):(%d):(.*)$')}",
	"local big = {} for i = 1, 5000 do big[i] = i end return #big",
	"return {unpack(ARGV)}",
	"return redis.call('EVAL', 'return 1', 0)",
}

func TestScriptsAnswerAsRedisDoes(t *testing.T) {
	here, there := start(t).Client(), redistest.Start(t).Client(t)
	for _, script := range scriptTexts {
		t.Run(script, func(t *testing.T) {
			got, want := answer(t, here, script), answer(t, there, script)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("answer (-redis +here):\n%s", diff)
			}
		})
	}
}

// answer is what a script gives on a Redis without keys; of an error that is not the script's own words, only that it is one.
func answer(t *testing.T, rdb redis.UniversalClient, script string) any {
	t.Helper()
	if err := rdb.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	got, err := redis.NewScript(script).Run(t.Context(), rdb, []string{"k", "l"}, 1, "two").Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		for _, own := range []string{"BAD thing", "ERR bad", "by itself"} {
			if strings.Contains(err.Error(), own) {
				return own
			}
		}
		return "error"
	}
	return got
}

// A script that fails leaves the state as it was for the next one.
func TestScriptAfterAFailedOne(t *testing.T) {
	rdb := start(t).Client()
	deep := redis.NewScript("local function f(n) error('deep') end f(1)")
	for range 2000 {
		if err := deep.Run(t.Context(), rdb, nil).Err(); err == nil || !strings.Contains(err.Error(), "deep") {
			t.Fatalf("got error %v, want that of the script", err)
		}
	}
	if got, err := redis.NewScript("return #KEYS + #ARGV").Run(t.Context(), rdb, []string{"k"}, 1, 2).Int(); got != 3 || err != nil {
		t.Errorf("got %d and %v, want 3", got, err)
	}
}

func TestScriptIsOneCommand(t *testing.T) {
	rdb := start(t).Client()
	const scripts, plain, rounds = 8, 4, 200
	raise := redis.NewScript("local n = tonumber(redis.call('GET', KEYS[1]) or '0') for i = 1, 5 do redis.call('EXISTS', KEYS[1]) end redis.call('SET', KEYS[1], n + 1)")
	var all sync.WaitGroup
	for range scripts {
		all.Go(func() {
			for range rounds {
				if err := raise.Run(t.Context(), rdb, []string{"k"}).Err(); err != nil && !errors.Is(err, redis.Nil) {
					t.Error(err)
				}
			}
		})
	}
	for range plain {
		all.Go(func() {
			for range rounds {
				if err := rdb.Incr(t.Context(), "k").Err(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if got, err := rdb.Get(t.Context(), "k").Int(); got != (scripts+plain)*rounds || err != nil {
		t.Errorf("got %d and %v, want %d", got, err, (scripts+plain)*rounds)
	}
}

// What would wait for others, or put a script off, is refused rather than done wrong.
func TestWhatIsNotThere(t *testing.T) {
	rdb := start(t).Client()
	for _, command := range [][]any{
		{"MULTI"}, {"WATCH", "k"}, {"BLPOP", "k", 0}, {"BRPOPLPUSH", "k", "l", 0}, {"BZPOPMIN", "k", 0}, {"XREAD", "BLOCK", 0, "STREAMS", "k", "$"}, {"SCRIPT", "LOAD", "return 1"}, {"EVAL_RO", "return 1", 0},
	} {
		if err := rdb.Do(t.Context(), command...).Err(); err == nil || !strings.Contains(err.Error(), "not in a Redis in the process") {
			t.Errorf("%v: got error %v, want that it is not there", command, err)
		}
	}
}
