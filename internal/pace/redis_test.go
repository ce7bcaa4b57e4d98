package pace

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/internal/redistest"
)

// On a real Redis the scripts do the same as in the process.
func TestI4OnARealRedis(t *testing.T) {
	f := newFleetOn(t, redistest.Start(t).Client(t))
	f.run(4, "job", Terms{Rate: 200, Burst: 20, Weight: 1}, 3*time.Second)
	f.check(220, 100) // how many come depends on the machine
}

// Without Redis nobody calls, and it goes on by itself.
func TestI4NoCallWithoutRedis(t *testing.T) {
	for _, rate := range []float64{0, 100} {
		server := redistest.Start(t)
		lane := New(server.Client(t), "app", "a").Lane("job", Terms{Rate: rate, Burst: 10, Weight: 1})
		if err := lane.Ready(t.Context(), 10); err != nil {
			t.Fatal(err)
		}
		server.Kill()
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		calls := 0
		for lane.Ready(ctx, 10) == nil {
			if lane.Take() {
				calls++
				time.Sleep(10 * time.Millisecond)
			}
		}
		if most := 150; calls > most || !errors.Is(ctx.Err(), context.DeadlineExceeded) {
			t.Errorf("at rate %g: %d calls without Redis, want at most %d", rate, calls, most)
		}
		server.Restart(t)
		if err := lane.Ready(t.Context(), 10); err != nil {
			t.Fatal(err)
		}
	}
}

// A worker with calls in hand hears of the halt of another.
func TestI4AHaltIsHeardAtOnce(t *testing.T) {
	rdb := redistest.Start(t).Client(t)
	a, b := New(rdb, "app", "a"), New(rdb, "app", "b")
	ctx, cancel := context.WithCancel(t.Context())
	var listening sync.WaitGroup
	listening.Go(func() { b.Listen(ctx) })
	for n := int64(0); n == 0; time.Sleep(10 * time.Millisecond) {
		subscribers, err := rdb.PubSubNumSub(ctx, key("app")).Result()
		if err != nil {
			t.Fatal(err)
		}
		n = subscribers[key("app")]
	}
	if err := a.Throttled(ctx, time.Hour, 0); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(30 * time.Second); b.halted() <= 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the halt was not heard")
		}
	}
	cancel()
	listening.Wait()
}
