package chaos

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/redis/go-redis/v9/logging"
)

// TestTopologyRefusals measures what processes cost while Redis refuses: a worker that is at work, one that starts then, and a console that is asked
// every second. Commands meanwhile end with a hint, and afterwards the job goes on to its end.
func TestTopologyRefusals(t *testing.T) {
	if option[int]("times") == 0 {
		t.Skip("only with -times, as make topology gives it")
	}
	logging.Disable()
	program := build(t)
	table := &costs{}
	t.Cleanup(func() { table.print(t) })
	for _, r := range refusals() {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			tr := newTrial(t, program, topology{name: r.name, batch: 20})
			tr.task.rows = tr.task.rows[:min(len(tr.task.rows), 2000)]
			tr.refuse(r, table)
		})
	}
}

// refuse spoils Redis while a job is under way.
func (t *trial) refuse(r refusal, table *costs) {
	const lasts = 12 * time.Second
	spoil, mend := r.begin(t)
	at := t.startTrialWorker()
	console, page := t.startConsole()
	t.enqueueAll()
	t.until(0.2)
	began := time.Now()
	spoil()
	processes := []*process{at, t.startTrialWorker(), console}
	ask := time.NewTicker(time.Second)
	defer ask.Stop()
	look := func(d time.Duration) {
		for end := time.Now().Add(d); time.Now().Before(end); <-ask.C {
			go visit(page)
		}
	}
	look(2 * time.Second) // what Redis answered before is dealt with
	before, measured := cpuOf(processes...), time.Now()
	look(lasts)
	after, took := cpuOf(processes...), time.Since(measured)
	ended := time.Now()
	commands := t.tryCommands()
	mend()
	t.untilFinished()
	t.check()
	line := costLine{name: r.name, took: ended.Sub(began), commands: commands}
	for i, p := range processes {
		lines, most := loggedWithin(p, began, ended)
		c := cost{cpu: (after[i] - before[i]) / took.Seconds() * 100, lines: lines, most: most}
		line.costs[i] = c
		if c.cpu > 5 || float64(lines) > ended.Sub(began).Seconds() {
			t.Errorf("process %d used %.1f %% of a core and logged %d lines:\n%s", i, c.cpu, lines, p.tail())
		}
		if p.running() {
			if code, err := p.end(20 * time.Second); err != nil || code != 0 {
				t.Errorf("process %d ended with code %d, %v:\n%s", i, code, err, p.tail())
			}
		} else if p.code() != 1 { // one that finds no Redis at its start is started again by what looks after it
			t.Errorf("process %d ended with code %d:\n%s", i, p.code(), p.tail())
		}
	}
	table.add(line)
}

// startConsole starts a console, and returns the address of a page that asks Redis.
func (t *trial) startConsole() (p *process, page string) {
	t.Helper()
	p = t.start("console", "console", "--redis", t.url, "--listen", "127.0.0.1:0", "--log-format", "json")
	t.await("the console listens", func() bool { page = p.answered(); return page != "" })
	return p, page
}

// visit asks for a page; what comes does not matter.
func visit(page string) {
	c := http.Client{Timeout: 5 * time.Second}
	defer c.CloseIdleConnections()
	if answer, err := c.Get(page); err == nil {
		answer.Body.Close()
	}
}

// tryCommands gives commands while Redis refuses. Each ends by itself, with code 0, or with code 1 and a hint.
func (t *trial) tryCommands() string {
	t.Helper()
	var all []string
	for _, args := range [][]string{{"jobs"}, {"schedule", "list"}, append([]string{"enqueue", t.task.input()}, t.task.flags()...)} {
		began := time.Now()
		p := t.start(args[0], append(args, "--redis", t.url)...)
		<-p.ended
		code, said := p.code(), p.said()
		if code != 0 && code != 1 || code == 1 && !strings.Contains(said, "\nhint: ") || strings.Count(said, "\n") > 5 {
			t.Errorf("%s ended with code %d:\n%s", args[0], code, said)
		}
		all = append(all, fmt.Sprintf("%d in %.1f s", code, time.Since(began).Seconds()))
	}
	return strings.Join(all, "\t")
}

// cpuOf is the seconds of a core that each process has used; 0 when it is gone.
func cpuOf(processes ...*process) (all []float64) {
	for _, p := range processes {
		const user, system, perSecond = 11, 12, 100
		data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
		_, rest, _ := strings.Cut(string(data), ") ")
		used := 0.0
		if fields := strings.Fields(rest); len(fields) > system {
			u, _ := strconv.ParseFloat(fields[user], 64)
			s, _ := strconv.ParseFloat(fields[system], 64)
			used = (u + s) / perSecond
		}
		all = append(all, used)
	}
	return all
}

// loggedWithin counts the lines of a log, and the most of them within any second. What is no line of a log counts as well.
func loggedWithin(p *process, from, to time.Time) (lines, most int) {
	f, err := os.Open(p.err)
	if err != nil {
		return 0, 0
	}
	defer f.Close()
	var times []time.Time
	first := 0
	for s := bufio.NewScanner(f); s.Scan(); {
		var line struct {
			Time time.Time
		}
		if json.Unmarshal(s.Bytes(), &line) != nil && len(times) > 0 {
			line.Time = times[len(times)-1]
		}
		if line.Time.Before(from) || line.Time.After(to) {
			continue
		}
		times = append(times, line.Time)
		for line.Time.Sub(times[first]) >= time.Second {
			first++
		}
		most = max(most, len(times)-first)
	}
	return len(times), most
}

// cost is what a process used and wrote while Redis refused.
type cost struct {
	cpu         float64 // percent of a core
	lines, most int     // that it wrote, and the most of them within a second
}

// costLine is what was measured of one refusal.
type costLine struct {
	name     string
	took     time.Duration
	costs    [3]cost // worker at work, worker that starts, console
	commands string
}

// costs is the table of all refusals.
type costs struct {
	mu    sync.Mutex
	lines []costLine
}

func (c *costs) add(l costLine) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lines = append(c.lines, l)
}

func (c *costs) print(t *testing.T) {
	tab := tabwriter.NewWriter(t.Output(), 0, 0, 2, ' ', 0)
	fmt.Fprintln(tab, "state\tseconds\tat work CPU %\tlines\tmost/s\tstarting CPU %\tlines\tmost/s\tconsole CPU %\tlines\tmost/s\tjobs\tschedule list\tenqueue")
	for _, l := range c.lines {
		fmt.Fprintf(tab, "%s\t%.0f", l.name, l.took.Seconds())
		for _, c := range l.costs {
			fmt.Fprintf(tab, "\t%.1f\t%d\t%d", c.cpu, c.lines, c.most)
		}
		fmt.Fprintf(tab, "\t%s\n", l.commands)
	}
	tab.Flush()
}
