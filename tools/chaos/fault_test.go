package chaos

import (
	"slices"
	"syscall"
	"time"

	"github.com/sunbulk/sunbulk/sunco/suncotest"
)

// fault is one way in which things go wrong. begin returns a nil end when there is nothing to break
// now; else the fault lasts that long, and end is called after it.
type fault struct {
	name  string
	begin func(c *chaos) (end func(), lasts time.Duration)
}

// allFaults lists the faults; one that stands twice comes twice as often.
func allFaults() []fault {
	return []fault{
		{"worker killed", killWorker}, {"worker killed", killWorker}, {"worker killed", killWorker},
		{"worker stopped for up to 15 s", stopWorker}, {"worker stopped for up to 15 s", stopWorker},
		{"enqueue killed", killTask(false)}, {"enqueue killed", killTask(false)}, {"enqueue killed", killTask(false)},
		{"run killed", killTask(true)}, {"run killed", killTask(true)}, {"run killed", killTask(true)},
		{"run marked, to be killed at its report", killReport},
		{"Redis killed", killRedis}, {"Redis killed", killRedis},
		{"Redis slow", onRoute(toRedis, slowly)}, {"Redis cut", onRoute(toRedis, cut)},
		{"Redis' answers lost", onRoute(toRedis, lose(answers))}, {"Redis blackholed", onRoute(toRedis, lose(requests, answers))},
		{"API slow", onRoute(toAPI, slowly)}, {"API cut", onRoute(toAPI, cut)},
		{"API's answers lost", onRoute(toAPI, lose(answers))}, {"API blackholed", onRoute(toAPI, lose(requests, answers))},
		{"API out of service", outage},
		{"429", knob(func(k *suncotest.Knobs, share float64) { k.Share429 = share })},
		{"503 before the work", knob(func(k *suncotest.Knobs, share float64) { k.Share503 = share })},
		{"503 after the work", knob(func(k *suncotest.Knobs, share float64) { k.Share503After = share })},
		{"cut before the work", knob(func(k *suncotest.Knobs, share float64) { k.CutBefore = share })},
		{"cut after the work", knob(func(k *suncotest.Knobs, share float64) { k.CutAfter = share })},
		{"hang after the work", knob(func(k *suncotest.Knobs, share float64) { k.Hang = share })},
		{"half an answer", knob(func(k *suncotest.Knobs, share float64) { k.HalfAnswer = share })},
	}
}

func killWorker(c *chaos) (func(), time.Duration) {
	w := c.workers[c.random.IntN(len(c.workers))]
	if !w.running() {
		return nil, 0
	}
	w.kill()
	w.killed = true
	return func() { c.startWorker(w) }, c.between(0, 4*time.Second)
}

func stopWorker(c *chaos) (func(), time.Duration) {
	w := c.workers[c.random.IntN(len(c.workers))]
	if !w.running() {
		return nil, 0
	}
	p := w.process
	p.signal(syscall.SIGSTOP)
	return func() { p.signal(syscall.SIGCONT) }, c.between(time.Second, 15*time.Second)
}

// killTask kills an enqueue or a run that is at work; tend starts it again.
func killTask(embedded bool) func(*chaos) (func(), time.Duration) {
	return func(c *chaos) (func(), time.Duration) {
		for _, i := range c.random.Perm(len(c.plan.tasks)) {
			t := c.plan.tasks[i]
			if t.embedded == embedded && t.process != nil && !t.done && t.process.running() {
				t.process.kill()
				return func() {}, 0
			}
		}
		return nil, 0
	}
}

// killReport kills a run as soon as it writes its report; tend does it, and starts it again.
func killReport(c *chaos) (func(), time.Duration) {
	for _, t := range c.plan.tasks {
		if t.embedded && t.process != nil && !t.done && !t.doomed {
			t.doomed = true
			return func() {}, 0
		}
	}
	return nil, 0
}

// faults are those that the rig's Redis can have.
func (c *chaos) faults() []fault {
	all := allFaults()
	if c.guarded == nil {
		return all
	}
	all = slices.DeleteFunc(all, func(f fault) bool { return f.name == "Redis killed" })
	return append(all, fault{"graceful failover", failOver}, fault{"graceful failover", failOver}, fault{"master killed", killMaster},
		fault{"master killed", killMaster}, fault{"replication cut, master killed", cutAndKill}, fault{"replication cut, master killed", cutAndKill})
}

// failOver promotes a replica while the master is well.
func failOver(c *chaos) (func(), time.Duration) {
	if !c.guarded.Whole(c) {
		return nil, 0
	}
	c.guarded.Failover(c)
	return func() {}, 0
}

// killMaster kills the master, and starts it again after its replacement.
func killMaster(c *chaos) (func(), time.Duration) {
	if !c.guarded.Whole(c) {
		return nil, 0
	}
	return replaceMaster(c)
}

func replaceMaster(c *chaos) (func(), time.Duration) {
	master := c.guarded.Master(c)
	master.Kill()
	c.guarded.Failed(c, master)
	return func() { master.Restart(c) }, c.between(0, 4*time.Second)
}

// cutAndKill kills a master of whose last seconds no replica knows.
func cutAndKill(c *chaos) (func(), time.Duration) {
	if !c.guarded.Whole(c) {
		return nil, 0
	}
	c.guarded.Cut(c)
	c.pass(c.between(500*time.Millisecond, 3*time.Second))
	return replaceMaster(c)
}

func killRedis(c *chaos) (func(), time.Duration) {
	c.redis.Kill()
	c.pass(c.between(0, 2*time.Second))
	c.redis.Restart(c)
	return func() {}, 0
}

// toRedis and toAPI choose the end of a line.
func toRedis(l *line) *route { return l.redis }
func toAPI(l *line) *route   { return l.api }

// onRoute breaks the routes of one process, or of all, for a while.
func onRoute(to func(*line) *route, breaking func(*chaos, *route) (end func())) func(*chaos) (func(), time.Duration) {
	return func(c *chaos) (func(), time.Duration) {
		lines := c.lines()
		if len(lines) == 0 || to(lines[0]) == nil {
			return nil, 0
		}
		if c.chance(0.7) {
			i := c.random.IntN(len(lines))
			lines = lines[i : i+1]
		}
		var ends []func()
		for _, l := range lines {
			ends = append(ends, breaking(c, to(l)))
		}
		return func() {
			for _, end := range ends {
				end()
			}
		}, c.between(300*time.Millisecond, 6*time.Second)
	}
}

// lines are those of the workers and of the tasks at work.
func (c *chaos) lines() []*line {
	var all []*line
	for _, w := range c.workers {
		all = append(all, w.line)
	}
	for _, t := range c.plan.tasks {
		if t.line != nil && !t.done {
			all = append(all, t.line)
		}
	}
	return all
}

func cut(_ *chaos, r *route) func() {
	r.cut()
	return r.open
}

func lose(directions ...string) func(*chaos, *route) func() {
	return func(_ *chaos, r *route) func() {
		var ends []func()
		for _, d := range directions {
			ends = append(ends, r.lose(d))
		}
		return func() {
			for _, end := range ends {
				end()
			}
		}
	}
}

func slowly(c *chaos, r *route) func() {
	there := r.slow(requests, c.between(5*time.Millisecond, 300*time.Millisecond))
	back := r.slow(answers, c.between(5*time.Millisecond, 300*time.Millisecond))
	return func() { there(); back() }
}

// outage makes every call fail for long enough that circuit breakers open.
func outage(c *chaos) (func(), time.Duration) {
	return turn(c, func(k *suncotest.Knobs) { k.Share503 = 1 }), c.between(3*time.Second, 10*time.Second)
}

// knob makes the simulator misbehave for a share of the calls.
func knob(set func(*suncotest.Knobs, float64)) func(*chaos) (func(), time.Duration) {
	return func(c *chaos) (func(), time.Duration) {
		share := 0.02 + 0.28*c.random.Float64()
		return turn(c, func(k *suncotest.Knobs) { set(k, share) }), c.between(500*time.Millisecond, 5*time.Second)
	}
}

// usualKnobs are those without a fault.
func usualKnobs() suncotest.Knobs {
	return suncotest.Knobs{LatencyMin: 5 * time.Millisecond, LatencyMax: 40 * time.Millisecond}
}

// turn adds to the knobs until the end, which brings the usual ones back.
func turn(c *chaos, set func(*suncotest.Knobs)) (end func()) {
	k := c.sim.Knobs()
	set(&k)
	c.sim.SetKnobs(k)
	return func() { c.sim.SetKnobs(c.knobs) }
}
