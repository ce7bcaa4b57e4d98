package schedule

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/internal/redistest"
	"github.com/sunbulk/sunbulk/internal/runbook"
)

const crashSlots = 30

// clock is a time at which the slot after the last one is due, as soon as that is dealt with, so that
// slots pass as fast as servers start them. Skew is how far it is from that of others.
func (s *Server) clock(first time.Time, skew time.Duration) func(context.Context) (time.Time, error) {
	end := first.Add((crashSlots - 1) * time.Minute)
	return func(ctx context.Context) (time.Time, error) {
		last, err := s.store.rdb.HGet(ctx, key("nightly"), "last").Result()
		if err != nil {
			return first, err
		}
		now := parseMillis(last).Truncate(time.Minute).Add(time.Minute)
		if now.After(end) {
			now = end
		}
		return now.Add(skew), nil
	}
}

// everyMinute makes a schedule of a run a minute and returns its first slot.
func everyMinute(t testing.TB, rdb *redis.Client) time.Time {
	t.Helper()
	store := NewStore(rdb)
	r := &runbook.Runbook{Name: "nightly", App: app, Steps: steps(), Schedule: &runbook.Schedule{Cron: "* * * * *"}}
	if _, err := store.Apply(t.Context(), r, nil, "ann"); err != nil {
		t.Fatal(err)
	}
	d, err := store.Get(t.Context(), "nightly")
	if err != nil {
		t.Fatal(err)
	}
	return d.Last.Truncate(time.Minute).Add(time.Minute)
}

// awaitStarts waits until the last slot is dealt with, and checks that each started once.
func awaitStarts(t testing.TB, rdb *redis.Client, first time.Time) {
	t.Helper()
	store, end := NewStore(rdb), first.Add((crashSlots-1)*time.Minute)
	for range 6000 {
		f, err := rdb.HMGet(t.Context(), key("nightly"), "last", "order").Result()
		if err != nil {
			t.Fatal(err)
		}
		if f[0] == millis(end) && f[1] == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	entries, err := store.History(t.Context(), "nightly", 0)
	if err != nil {
		t.Fatal(err)
	}
	var got, want []string
	for _, e := range entries[:len(entries)-1] {
		got = append(got, fmt.Sprintf("%s %s %s", e.What, e.Slot.UTC().Format("15:04"), e.Run))
	}
	for i := crashSlots - 1; i >= 0; i-- {
		slot := first.Add(time.Duration(i) * time.Minute)
		want = append(want, fmt.Sprintf("%s %s %s", Started, slot.UTC().Format("15:04"), runOf(slot)))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
}

// mortal is a hook by which a client is dead after some commands: the last one may reach Redis, but its
// answer is lost, and nothing more is sent.
type mortal struct {
	left  atomic.Int64
	reach bool
}

var errDead = errors.New("dead")

func (m *mortal) DialHook(next redis.DialHook) redis.DialHook { return next }

func (m *mortal) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		left := m.left.Add(-1)
		if left > 0 {
			return next(ctx, cmd)
		}
		if left == 0 && m.reach {
			next(ctx, cmd)
		}
		cmd.SetErr(errDead)
		return errDead
	}
}

func (m *mortal) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// Servers die between any two commands to Redis, which is every point at which they can have left
// something behind, with clocks that differ by seconds.
func TestThirtySlotsStartOnceWhenServersDieAtAnyPoint(t *testing.T) {
	server := redistest.Start(t)
	rdb := server.Client(t)
	first := everyMinute(t, rdb)
	f := newRuns()
	ctx, cancel := context.WithCancel(t.Context())
	var serving sync.WaitGroup
	for i := range 3 {
		random := rand.New(rand.NewPCG(7, uint64(i)))
		serving.Go(func() {
			for ctx.Err() == nil {
				liveOnce(ctx, server, f, first, random)
			}
		})
	}
	awaitStarts(t, rdb, first)
	cancel()
	serving.Wait()
	if got, want := len(f.made), crashSlots; got != want {
		t.Errorf("runs: got %d, want %d", got, want)
	}
}

// liveOnce runs a server until it dies.
func liveOnce(ctx context.Context, server *redistest.Server, f *runs, first time.Time, random *rand.Rand) {
	rdb := redis.NewClient(&redis.Options{Addr: server.Addr, MaxRetries: -1})
	defer rdb.Close()
	m := &mortal{reach: random.IntN(2) == 0}
	m.left.Store(int64(3 + random.IntN(25)))
	s := New(rdb, Config{Starter: &ending{f}, Apps: []string{app}})
	s.interval, s.lease, s.pause = time.Millisecond, 30*time.Millisecond, time.Millisecond
	s.now = s.clock(first, time.Duration(random.IntN(7)-3)*time.Second)
	rdb.AddHook(m)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		for ctx.Err() == nil && m.left.Load() > 0 {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	s.Run(ctx)
}

// ending is a Starter whose runs have ended when they are made, and which fails now and then.
type ending struct{ *runs }

func (e *ending) Start(ctx context.Context, id string, r *runbook.Runbook, vars map[string]string) error {
	if rand.IntN(4) == 0 {
		return errDown
	}
	time.Sleep(rand.N(3 * time.Millisecond))
	if err := e.runs.Start(ctx, id, r, vars); err != nil {
		return err
	}
	e.set(id, Run{State: "finished", Ended: true})
	return nil
}

// redisRuns is a Starter of several processes: its runs are in Redis, and it counts those that it makes.
type redisRuns struct{ rdb *redis.Client }

func (f redisRuns) Start(ctx context.Context, id string, _ *runbook.Runbook, _ map[string]string) error {
	time.Sleep(rand.N(20 * time.Millisecond))
	return f.rdb.HSetNX(ctx, "made", id, "").Err()
}

func (f redisRuns) State(ctx context.Context, id string) (Run, error) {
	exists, err := f.rdb.HExists(ctx, "made", id).Result()
	if err != nil || !exists {
		return Run{}, err
	}
	return Run{State: "finished", Ended: true}, nil
}

func (f redisRuns) Cancel(context.Context, string, string, string) error { return nil }

// TestMain runs a server instead of the tests in the processes that a test starts.
func TestMain(m *testing.M) {
	addr := os.Getenv("SCHEDULE_TEST_REDIS")
	if addr == "" {
		os.Exit(m.Run())
	}
	rdb := redis.NewClient(&redis.Options{Addr: addr})
	first, err := time.Parse(time.RFC3339, os.Getenv("SCHEDULE_TEST_FIRST"))
	if err != nil {
		panic(err)
	}
	skew, err := time.ParseDuration(os.Getenv("SCHEDULE_TEST_SKEW"))
	if err != nil {
		panic(err)
	}
	s := New(rdb, Config{Starter: redisRuns{rdb}, Apps: []string{app}})
	s.interval, s.lease = 5*time.Millisecond, 200*time.Millisecond
	s.now = s.clock(first, skew)
	s.Run(context.Background())
}

func TestThirtySlotsStartOnceWhenProcessesAreKilled(t *testing.T) {
	server := redistest.Start(t)
	rdb := server.Client(t)
	first := everyMinute(t, rdb)
	done, stop := context.WithCancel(t.Context())
	var killing sync.WaitGroup
	for _, skew := range []string{"-3s", "0s", "3s"} {
		killing.Go(func() {
			for done.Err() == nil {
				cmd := exec.Command(os.Args[0])
				cmd.Env = append(os.Environ(), "SCHEDULE_TEST_REDIS="+server.Addr, "SCHEDULE_TEST_FIRST="+first.Format(time.RFC3339), "SCHEDULE_TEST_SKEW="+skew)
				if err := cmd.Start(); err != nil {
					t.Error(err)
					return
				}
				select {
				case <-done.Done():
				case <-time.After(150*time.Millisecond + rand.N(400*time.Millisecond)):
				}
				cmd.Process.Kill()
				cmd.Wait()
			}
		})
	}
	awaitStarts(t, rdb, first)
	stop()
	killing.Wait()
	made, err := rdb.HGetAll(t.Context(), "made").Result()
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for i := range crashSlots {
		want = append(want, runOf(first.Add(time.Duration(i)*time.Minute)))
	}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(made))); diff != "" {
		t.Errorf("runs (-want +got):\n%s", diff)
	}
}
