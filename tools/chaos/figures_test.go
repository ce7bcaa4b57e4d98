package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/sunco/suncotest"
)

// TestFigureKilledWorker measures how long the batches of a worker lie idle after its SIGKILL. asynq
// alone would take 65 s to two minutes.
func TestFigureKilledWorker(t *testing.T) {
	const promised = 15 * time.Second
	c, w := newFigure(t)
	held := c.heldBy(w)
	w.kill()
	w.killed = true
	idle := c.untilTaken(w, held)
	t.Logf("after a SIGKILL the %d batches of the worker were at work again within %.1f s", len(held), idle.Seconds())
	if idle > promised {
		t.Errorf("got %s, want %s at most", idle, promised)
	}
	c.startWorker(w)
	c.calm()
	c.verdict()
}

// TestFigureStoppedWorker stops a worker for 40 s and lets it go on: others have its batches by
// then, and what it still has to say about them is refused.
func TestFigureStoppedWorker(t *testing.T) {
	c, w := newFigure(t)
	held := c.heldBy(w)
	w.signal(syscall.SIGSTOP)
	stopped := time.Now()
	idle := c.untilTaken(w, held)
	c.pass(time.Until(stopped.Add(40 * time.Second)))
	w.signal(syscall.SIGCONT)
	c.calm()
	c.verdict()
	t.Logf("of a worker stopped for 40 s, the %d batches were at work elsewhere within %.1f s; %d of its late commits were refused",
		len(held), idle.Seconds(), strings.Count(w.said(), "commit refused"))
}

// newFigure starts two workers on one job of silent creates, and returns the one that is to suffer,
// once it has batches.
func newFigure(t *testing.T) (*chaos, *worker) {
	if !option[bool]("figures") {
		t.Skip("only with -figures, as make chaos gives it")
	}
	const rows = 4000
	random := rand.New(rand.NewPCG(1, 1))
	p := &plan{}
	work := &task{name: "job", app: apps()[0], batch: 5}
	for len(work.rows) < rows {
		work.rows = append(work.rows, p.draw(random, "create")...)
	}
	p.tasks = []*task{work}
	c := &chaos{rig: newRig(t, p.world()), random: random, plan: p, knobs: usualKnobs()}
	c.sim.SetKnobs(suncotest.Knobs{LatencyMin: 200 * time.Millisecond, LatencyMax: 400 * time.Millisecond})
	w := c.addWorker()
	c.addWorker()
	c.begin(p.tasks)
	for work.job == "" || len(c.heldBy(w)) == 0 {
		c.pass(20 * time.Millisecond)
	}
	c.pass(2 * time.Second)
	return c, w
}

// heldBy returns the open batches of a worker.
func (c *chaos) heldBy(w *worker) map[string]bool {
	c.Helper()
	open, err := c.rdb.HGetAll(context.Background(), "sunbulk:{"+c.plan.tasks[0].job+"}:open").Result()
	if err != nil {
		c.Fatal(err)
	}
	held := map[string]bool{}
	for batch, entry := range open {
		if fields := strings.SplitN(entry, ":", 6); len(fields) == 6 && strings.Contains(fields[4], fmt.Sprintf("-%d-", w.cmd.Process.Pid)) {
			held[batch] = true
		}
	}
	return held
}

// untilTaken waits until a worker has none of the batches any more, and returns how long that took.
func (c *chaos) untilTaken(w *worker, batches map[string]bool) time.Duration {
	c.Helper()
	since := time.Now()
	for {
		left := 0
		for batch := range c.heldBy(w) {
			if batches[batch] {
				left++
			}
		}
		if left == 0 {
			return time.Since(since)
		}
		if time.Since(since) > 2*time.Minute {
			c.Fatalf("%d batches of the worker are still its own after two minutes", left)
		}
		c.pass(20 * time.Millisecond)
	}
}
