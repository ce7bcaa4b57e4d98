package service

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
)

// However many loops complain of Redis, a line a second passes at most; other lines all do.
func TestDamperLetsALineASecondPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		log := Damped(slog.New(slog.NewTextHandler(&out, nil)))
		full := fmt.Errorf("list jobs: %w", errors.New("OOM command not allowed when used memory > 'maxmemory'"))
		const seconds = 300
		for i := range seconds * 100 {
			log.With("job", i%7).Warn("could not look for jobs", "error", full)
			log.WithGroup("g").Error("asynq", "message", "Dequeue error: UNKNOWN: OOM command not allowed")
			if i%100 == 0 {
				log.Warn("paused job", "reason", "12 rows failed", "error", errors.New("too many failures"))
			}
			time.Sleep(10 * time.Millisecond)
		}
		lines := strings.Count(out.String(), "\n")
		about := lines - strings.Count(out.String(), "paused job")
		if lines-about != seconds || about > seconds/10 || about < 5 {
			t.Errorf("got %d lines about Redis and %d others, want a few and %d", about, lines-about, seconds)
		}
		if !strings.Contains(out.String(), "leftOut=") {
			t.Error("nobody tells how many lines were left out")
		}
		out.Reset()
		time.Sleep(2 * time.Minute)
		log.Warn("could not look for jobs", "error", full)
		if out.Len() == 0 {
			t.Error("the first line after a calm was left out")
		}
	})
}

// A loop that asks again at once is braked where it is refused, and nowhere else.
func TestBrakeHoldsARefusedLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for answer, braked := range map[string]bool{
			"OOM command not allowed": true, "MISCONF Errors writing to the AOF file": true, "NOREPLICAS Not enough": true, "READONLY You can't": true,
			"LOADING Redis is": true, "CLUSTERDOWN Hash slot": true, "NOAUTH Authentication": true, "ERR Protocol error: unauthenticated multibulk length": true, "NOSCRIPT No matching script.": false, "WRONGTYPE Operation": false,
		} {
			var asked atomic.Int64
			ask := new(brake).ProcessHook(func(context.Context, redis.Cmder) error {
				if asked.Add(1)%1000 == 0 {
					time.Sleep(time.Second)
				}
				return errors.New(answer + " …")
			})
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			var loops sync.WaitGroup
			for range 4 {
				loops.Go(func() {
					for ctx.Err() == nil {
						_ = ask(ctx, nil)
					}
				})
			}
			loops.Wait()
			cancel()
			if n := asked.Load(); (n <= 4+10*4) != braked { // the first of each, and four a second
				t.Errorf("%s: asked %d times in 10 s by 4 loops", answer, n)
			}
		}
	})
}
