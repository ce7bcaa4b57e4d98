package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
)

// TestChaosRunbook holds I1, I2, I3, I5 and I9 for a migration on Redis: workers are killed, stopped and
// ended all the time, those that queue a step first of all, and so is the command that begins the run.
func TestChaosRunbook(t *testing.T) {
	seed := seedOf()
	t.Logf("seed %d: go -C tools/chaos test -v -run %s$ -seed %d -users %d -kills %d", seed, t.Name(), seed, option[int]("users"), option[int]("kills"))
	random := rand.New(rand.NewPCG(seed, 2))
	users := newMigrants(random, option[int]("users"))
	r := newRig(t, migrationWorld(users))
	began := time.Now()
	m := newMigration(&chaos{rig: r, random: random}, users)
	for range 3 {
		w := m.addWorker()
		w.redis.slow(requests, 2*time.Millisecond) // for ever: else a step is queued before anything can break
	}
	run := m.startRun()
	m.stormRun(run, began.Add(time.Duration(option[int]("minutes"))*time.Minute))
	m.calmRun(run)
	m.writes("runbook", "report", run, "--out", "moved")
	counts := m.migrated("moved")
	for _, step := range m.runSummary("moved").Steps {
		m.oneOutcomeEach(&task{name: step.Name, job: step.Job})
	}
	m.settled(&verdict{})
	m.tell(seed, counts, time.Since(began))
}

// startRun begins the run; its command is killed and stopped on the way, and continued by --resume.
func (m *bookRun) startRun() (run string) {
	m.Helper()
	l := m.newLine("start")
	l.redis.slow(requests, 20*time.Millisecond)
	for kills := m.random.IntN(4); ; kills-- {
		args := []string{"runbook", "start", m.book, "--redis", "redis://" + l.redis.addr()}
		if run != "" {
			args = append(args, "--resume", run)
		}
		p, stopped := m.start("start", args...), false
		if kills > 0 {
			m.await(p, m.between(0, 1500*time.Millisecond))
			if m.chance(0.2) && p.running() && m.rows > 1000 {
				m.tally["runbook start stopped for 12 s"]++
				stopped = true
				p.signal(syscall.SIGSTOP)
				m.pass(12 * time.Second)
				p.signal(syscall.SIGCONT)
			} else if p.running() {
				m.tally["runbook start killed"]++
				p.kill()
			}
		}
		m.await(p, 2*time.Minute)
		if p.running() {
			m.Fatalf("runbook start does not end: %s", p.tail())
		}
		ids := m.rdb.ZRange(context.Background(), "sunbulk:runs", 0, -1).Val()
		switch code := p.code(); {
		case code == 0 && len(ids) == 1 && ids[0] == p.answered():
			return ids[0]
		case code == 1 && stopped && len(ids) < 2: // while it waited for an answer of Redis, which it says; it is started again
		case code != -1 || len(ids) > 1:
			m.Fatalf("runbook start ended with code %d, and the runs %v:\n%s", code, ids, p.tail())
		}
		if len(ids) == 1 {
			run = ids[0]
		}
	}
}

// await lets time go by while a process runs.
func (m *bookRun) await(p *process, limit time.Duration) {
	m.Helper()
	for until := time.Now().Add(limit); p.running() && time.Now().Before(until); {
		m.pass(10 * time.Millisecond)
	}
}

// stormRun injects faults until the run has ended.
func (m *bookRun) stormRun(run string, deadline time.Time) {
	m.Helper()
	for injected := 0; injected < option[int]("kills") && time.Now().Before(deadline) && !m.finished(run); {
		f := runFaults()[m.random.IntN(len(runFaults()))]
		end, lasts := f.begin(m.chaos)
		if end != nil {
			injected++
			m.tally[f.name]++
			m.ending = append(m.ending, ending{time.Now().Add(lasts), end})
		}
		m.noneArchived()
		for until := time.Now().Add(m.between(500*time.Millisecond, 5*time.Second)); time.Now().Before(until); m.pass(5 * time.Millisecond) {
			m.killQueuer(run)
		}
	}
}

// runFaults are those of processes, and of Redis: the API's are in its knobs.
func runFaults() []fault {
	return []fault{
		{"worker killed", killWorker}, {"worker killed", killWorker}, {"worker killed", killWorker},
		{"worker stopped for up to 15 s", stopWorker}, {"worker stopped for up to 15 s", stopWorker},
		{"worker ended", endWorker}, {"worker ended", endWorker},
		{"Redis killed", killRedis}, {"Redis cut", onRoute(toRedis, cut)}, {"Redis' answers lost", onRoute(toRedis, lose(answers))},
	}
}

// endWorker ends a worker by SIGTERM while it works.
func endWorker(c *chaos) (func(), time.Duration) {
	w := c.workers[c.random.IntN(len(c.workers))]
	if !w.running() || w.killed {
		return nil, 0
	}
	w.killed = true
	p := w.process
	p.signal(syscall.SIGTERM)
	return func() {
		p.kill() // where it has not ended by itself
		c.startWorker(w)
	}, c.between(time.Second, 6*time.Second)
}

// killQueuer usually kills the worker that queues a step.
func (m *bookRun) killQueuer(run string) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	lease := m.rdb.HMGet(ctx, "sunbulk:run:{"+run+"}", "lease_owner", "lease_until").Val()
	if len(lease) != 2 || lease[0] == nil || lease[1] == m.lease || fmt.Sprint(lease[1]) < fmt.Sprint(time.Now().UnixMilli()) {
		return
	}
	m.lease = lease[1] // each is looked at once
	for _, w := range m.workers {
		if w.killed || !w.running() || !strings.Contains(fmt.Sprint(lease[0]), fmt.Sprintf("-%d-", w.cmd.Process.Pid)) || m.chance(0.3) {
			continue
		}
		m.pass(m.between(0, 400*time.Millisecond))
		if !w.running() || w.killed {
			continue
		}
		m.tally["worker killed that was queuing a step"]++
		w.kill()
		w.killed = true
		m.ending = append(m.ending, ending{time.Now().Add(m.between(0, 4*time.Second)), func() { m.startWorker(w) }})
	}
}

// finished tells whether a run has ended as it should; nothing is known while Redis is away.
func (m *bookRun) finished(run string) bool {
	m.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	at := m.rdb.HMGet(ctx, "sunbulk:run:{"+run+"}", "state", "reason").Val()
	if len(at) == 2 && at[0] != nil && at[0] != string(jobs.Running) && at[0] != string(jobs.Finished) {
		m.Fatalf("the run is %s: %s", at[0], at[1])
	}
	return len(at) == 2 && at[0] == string(jobs.Finished)
}

// calmRun ends all faults and waits until the run has ended, as long as calls are made.
func (m *bookRun) calmRun(run string) {
	m.Helper()
	const patience = 3 * time.Minute // a batch that was fetched and not opened when its worker was killed is asynq's to find, which takes two
	for _, e := range m.ending {
		e.end()
	}
	m.ending = nil
	for before, moved := int64(0), time.Now(); !m.finished(run); m.pass(200 * time.Millisecond) {
		if calls := m.calls(); calls != before {
			before, moved = calls, time.Now()
		}
		if time.Since(moved) > patience {
			p := m.start("status", "runbook", "status", run, "--redis", m.redis.URL())
			<-p.ended
			m.Fatalf("no call was made for %s without faults: see %s", patience, p.out)
		}
	}
}
