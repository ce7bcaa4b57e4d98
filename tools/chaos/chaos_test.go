package chaos

import (
	"flag"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/sunco/suncotest"
)

func TestMain(m *testing.M) {
	flag.Uint64("seed", 0, "of all that is drawn; 0 draws one")
	flag.Int("rows", 3000, "rows of all jobs together")
	flag.Int("faults", 12, "faults to inject")
	flag.Int("minutes", 3, "injection of faults ends after this")
	flag.Int("users", 200, "users of a migration")
	flag.Int("kills", 3, "faults to inject in a migration")
	flag.Bool("figures", false, "measure what a SIGKILL and a SIGSTOP of 40 s cost, too")
	flag.Bool("sentinel", false, "put Redis behind Sentinels, and let it fail over")
	flag.Int("times", 0, "how often each fault of a topology is tried; 0 leaves them out")
	flag.Int("links", 500, "creates whose links are followed")
	flag.Duration("outage", 2*time.Second, "how long Redis is away while links are followed")
	flag.Int("receivers", 4, "how often a receiver of webhooks is killed")
	os.Exit(m.Run())
}

// option returns the value of a flag of TestMain.
func option[T any](name string) T {
	return flag.Lookup(name).Value.(flag.Getter).Get().(T)
}

// seedOf returns the seed that was given, or draws one.
func seedOf() uint64 {
	if seed := option[uint64]("seed"); seed != 0 {
		return seed
	}
	return rand.Uint64N(1e9)
}

// TestChaos holds I1, I2, I3, I4, I5, I8, I9 and, with -sentinel, I10 while everything around the processes breaks.
func TestChaos(t *testing.T) {
	seed := seedOf()
	t.Logf("seed %d: go -C tools/chaos test -v -run %s$ -seed %d -rows %d -faults %d", seed, t.Name(), seed, option[int]("rows"), option[int]("faults"))
	random := rand.New(rand.NewPCG(seed, 1))
	plan := newPlan(random, option[int]("rows"), option[int]("faults"))
	r := newRig(t, plan.world())
	began := time.Now()
	for range 3 {
		r.addWorker()
	}
	c := &chaos{rig: r, random: random, plan: plan, knobs: usualKnobs(), tally: map[string]int{}}
	c.storm(option[int]("faults"), began.Add(time.Duration(option[int]("minutes"))*time.Minute))
	c.calm()
	v := c.verdict()
	v.print(t.Output(), seed, c.tally, time.Since(began))
}

// chaos is one run: the work, the faults, and the dice.
type chaos struct {
	*rig
	random *rand.Rand
	plan   *plan
	knobs  suncotest.Knobs // of the API, without a fault
	tally  map[string]int  // faults by name
	ending []ending        // of faults that last
}

// ending is when a fault is to end, and how.
type ending struct {
	at  time.Time
	end func()
}

// storm starts the tasks of the plan one after the other, and injects faults while they run.
func (c *chaos) storm(faults int, deadline time.Time) {
	table := c.faults()
	for injected := 0; injected < faults && time.Now().Before(deadline); {
		due := min(len(c.plan.tasks), 1+injected*len(c.plan.tasks)/max(1, faults*9/10))
		c.begin(c.plan.tasks[:due])
		f := table[c.random.IntN(len(table))]
		end, lasts := f.begin(c)
		if end == nil {
			c.pass(50 * time.Millisecond)
			continue
		}
		injected++
		c.tally[f.name]++
		c.noneArchived()
		c.ending = append(c.ending, ending{time.Now().Add(lasts), end})
		c.pass(c.between(500*time.Millisecond, 3*time.Second))
	}
	c.begin(c.plan.tasks)
}

// calm ends all faults and waits until every task and every job has ended: as long as any of them
// moves.
func (c *chaos) calm() {
	const patience = 3 * time.Minute
	for _, e := range c.ending {
		e.end()
	}
	c.ending = nil
	for before, moved := "", time.Now(); ; c.pass(200 * time.Millisecond) {
		c.noneArchived()
		waiting := c.unfinished(c.plan.tasks)
		if waiting == "" {
			return
		}
		if waiting != before {
			before, moved = waiting, time.Now()
		}
		if time.Since(moved) > patience {
			c.Fatalf("nothing moved for %s without faults: %s", patience, waiting)
		}
	}
}

// pass lets time go by, ends the faults that are due and looks after the tasks.
func (c *chaos) pass(d time.Duration) {
	for until := time.Now().Add(d); ; time.Sleep(5 * time.Millisecond) {
		now := time.Now()
		left := c.ending[:0]
		for _, e := range c.ending {
			if now.Before(e.at) {
				left = append(left, e)
				continue
			}
			e.end()
		}
		c.ending = left
		c.tend(c.plan.tasks)
		if now.After(until) {
			return
		}
	}
}

// between draws a time.
func (c *chaos) between(least, most time.Duration) time.Duration {
	return least + time.Duration(c.random.Int64N(int64(most-least)))
}

// chance draws yes with a share of 0 to 1.
func (c *chaos) chance(share float64) bool { return c.random.Float64() < share }
