package pace

import (
	"context"
	"errors"
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
