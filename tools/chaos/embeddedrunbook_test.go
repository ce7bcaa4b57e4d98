package chaos

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestChaosEmbeddedRunbook holds I1, I2 and I9 for a migration in one process, which is killed again and
// again and started the same way until it has finished.
func TestChaosEmbeddedRunbook(t *testing.T) {
	seed := seedOf()
	users := max(50, option[int]("users")/10)
	t.Logf("seed %d: go -C tools/chaos test -v -run %s$ -seed %d -users %d -kills %d", seed, t.Name(), seed, option[int]("users"), option[int]("kills"))
	random := rand.New(rand.NewPCG(seed, 3))
	migrants := newMigrants(random, users)
	r := newRig(t, migrationWorld(migrants))
	began := time.Now()
	m := newMigration(&chaos{rig: r, random: random}, migrants)
	m.runUntilDone(began.Add(time.Duration(option[int]("minutes")) * time.Minute))
	counts := m.migrated(ranInto)
	for _, folder := range []string{".", "1-find", "2-link", "3-wait", "4-unlink"} {
		m.nothingLeftIn(filepath.Join(m.dir, ranInto, folder))
	}
	m.settled(&verdict{})
	m.tell(seed, counts, time.Since(began))
}

// ranInto is the report folder of a run in one process.
const ranInto = "moved"

// runUntilDone starts the run again after each kill, until it ends by itself.
func (m *bookRun) runUntilDone(deadline time.Time) {
	m.Helper()
	for kills := 0; ; kills++ {
		p := m.start("run", "runbook", "run", m.book, "--out", ranInto, "--base-url", "http://"+m.api, "--concurrency", "16", "--quiet")
		if kills < option[int]("kills") && time.Now().Before(deadline) {
			m.await(p, m.between(0, 3*time.Second))
			m.killRun(p, "run killed")
		} else if m.tally["run killed at its report"] == 0 {
			for p.running() && !m.reportedRun() {
				time.Sleep(100 * time.Microsecond)
			}
			time.Sleep(m.between(0, time.Millisecond))
			m.killRun(p, "run killed at its report")
		}
		m.await(p, 5*time.Minute)
		if p.running() {
			m.Fatalf("the run does not end: %s", p.tail())
		}
		switch code := p.code(); {
		case code == 0 || code == 3 || code == 2 && m.done():
			return
		case code != -1:
			m.Fatalf("the run ended with code %d:\n%s", code, p.tail())
		}
	}
}

func (m *bookRun) killRun(p *process, how string) {
	if p.running() {
		m.tally[how]++
		p.kill()
	}
}

// done tells whether the run was killed when its report was written and its first journal gone.
func (m *bookRun) done() bool {
	_, journal := os.Stat(filepath.Join(m.dir, ranInto, m.first, journalFile))
	return m.reportedRun() && os.IsNotExist(journal)
}

func (m *bookRun) reportedRun() bool {
	_, err := os.Stat(filepath.Join(m.dir, ranInto, "run.json"))
	return err == nil
}
