package chaos

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	"github.com/sunbulk/sunbulk/internal/redistest"
)

// refusal is a state in which a Redis does not do what it is asked.
type refusal struct {
	name  string
	begin func(t *trial) (spoil, mend func())
}

func refusals() []refusal {
	return []refusal{
		{"OOM", by("CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0")},
		{"NOREPLICAS", by("CONFIG SET min-replicas-to-write 1", "CONFIG SET min-replicas-to-write 0")},
		{"READONLY", by("REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE")},
		{"NOAUTH", by("CONFIG SET requirepass secret", "CONFIG SET requirepass ")},
		{"NOPERM", by("ACL SETUSER default -@write", "ACL SETUSER default +@all")},
		{"BUSY", busy},
		{"MISCONF", unsaved},
		{"LOADING", loading},
		{"CLUSTERDOWN", clusterDown},
		{"no answer", silent},
	}
}

// TestTopologyRefusals measures what a worker costs while Redis refuses, one that is at work and one that starts then, and lets both go on.
func TestTopologyRefusals(t *testing.T) {
	if option[int]("times") == 0 {
		t.Skip("only with -times, as make topology gives it")
	}
	logging.Disable()
	program := build(t)
	for _, r := range refusals() {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			tr := newTrial(t, program, topology{name: r.name, batch: 20})
			tr.task.rows = tr.task.rows[:min(len(tr.task.rows), 2000)]
			tr.refuse(r)
		})
	}
}

// refuse spoils Redis while a job is under way.
func (t *trial) refuse(r refusal) {
	const lasts = 20 * time.Second
	spoil, mend := r.begin(t)
	at := t.startTrialWorker()
	t.enqueueAll()
	t.until(0.2)
	began := time.Now()
	spoil()
	starts := t.startTrialWorker()
	time.Sleep(2 * time.Second)
	before := []float64{cpuOf(at), cpuOf(starts)}
	time.Sleep(lasts)
	after := []float64{cpuOf(at), cpuOf(starts)}
	ended := time.Now()
	mend()
	t.untilFinished()
	t.check()
	tab := tabwriter.NewWriter(t.t.Output(), 0, 0, 2, ' ', 0)
	fmt.Fprintf(tab, "%s\tCPU %%\tlines\tin %.0f s\tmost within a second\n", r.name, ended.Sub(began).Seconds())
	for i, p := range []*process{at, starts} {
		lines, most := loggedWithin(p, began, ended)
		cpu := (after[i] - before[i]) / lasts.Seconds() * 100
		fmt.Fprintf(tab, "%s\t%.1f\t%d\t\t%d\n", []string{"at work", "starting"}[i], cpu, lines, most)
		if cpu > 5 || float64(lines) > ended.Sub(began).Seconds() {
			t.Errorf("a worker used %.1f %% of a core and logged %d lines:\n%s", cpu, lines, p.tail())
		}
		if p.running() {
			if code, err := p.end(20 * time.Second); err != nil || code != 0 {
				t.Errorf("a worker ended with code %d, %v:\n%s", code, err, p.tail())
			}
		} else if p.code() != 1 { // one that finds no Redis at its start is started again by what looks after it
			t.Errorf("a worker ended with code %d:\n%s", p.code(), p.tail())
		}
	}
	tab.Flush()
}

// cpuOf is the seconds of a core that a process has used; 0 when it is gone.
func cpuOf(p *process) float64 {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(data), ") ")
	fields := strings.Fields(rest)
	const user, system, perSecond = 11, 12, 100
	u, _ := strconv.ParseFloat(fields[user], 64)
	s, _ := strconv.ParseFloat(fields[system], 64)
	return (u + s) / perSecond
}

// loggedWithin counts the warnings and errors of a log, and the most of them within any second.
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
			Time  time.Time
			Level string
		}
		if json.Unmarshal(s.Bytes(), &line) != nil || line.Level == "INFO" || line.Time.Before(from) || line.Time.After(to) {
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

// single starts one server, and returns a connection of its own that is let in whatever comes.
func (t *trial) single(args ...string) (*redistest.Server, func(command string)) {
	s := redistest.Start(t.t, args...)
	rdb := s.Client(t.t)
	t.on(s.URL(), rdb)
	conn := rdb.Conn()
	t.t.Cleanup(func() { conn.Close() })
	return s, func(command string) {
		var words []any
		for _, w := range strings.Split(command, " ") {
			words = append(words, w)
		}
		if err := conn.Do(context.Background(), words...).Err(); err != nil {
			t.Errorf("%s: %v", command, err)
		}
	}
}

// by spoils and mends one server by a command. Connections that were let in before are ended.
func by(spoil, mend string) func(t *trial) (func(), func()) {
	return func(t *trial) (func(), func()) {
		_, do := t.single()
		do("PING")
		return func() { do(spoil); do("CLIENT KILL TYPE normal") }, func() { do(mend) }
	}
}

// busy lets a script run on and on.
func busy(t *trial) (spoil, mend func()) {
	s, do := t.single("--busy-reply-threshold", "100")
	ended := make(chan struct{})
	spoil = func() {
		rdb := redis.NewClient(&redis.Options{Addr: s.Addr, ReadTimeout: -1, MaxRetries: -1})
		go func() {
			defer close(ended)
			defer rdb.Close()
			_ = rdb.Eval(context.Background(), "while true do end", nil).Err() // it is killed
		}()
		time.Sleep(300 * time.Millisecond)
	}
	return spoil, func() { do("SCRIPT KILL"); <-ended }
}

// unsaved lets no snapshot be written: a folder is in its place.
func unsaved(t *trial) (spoil, mend func()) {
	s, do := t.single()
	rdb := s.Client(t.t)
	dir := rdb.ConfigGet(context.Background(), "dir").Val()["dir"]
	inTheWay := filepath.Join(dir, "dump.rdb")
	status := func(want string) {
		do("BGSAVE")
		t.await("the snapshot is "+want, func() bool {
			info, err := rdb.Info(context.Background(), "persistence").Result()
			return err == nil && strings.Contains(info, "rdb_last_bgsave_status:"+want) && strings.Contains(info, "rdb_bgsave_in_progress:0")
		})
	}
	spoil = func() {
		if err := os.MkdirAll(filepath.Join(inTheWay, "full"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := rdb.ConfigSet(context.Background(), "save", "360000 1").Err(); err != nil {
			t.Fatal(err)
		}
		status("err")
	}
	return spoil, func() {
		if err := os.RemoveAll(inTheWay); err != nil {
			t.Fatal(err)
		}
		status("ok")
	}
}

// loading starts the server again, and lets it take its time with each key.
func loading(t *trial) (spoil, mend func()) {
	s, _ := t.single()
	spoil = func() {
		s.Kill()
		s.Launch(t.t, "--key-load-delay", "10000")
	}
	return spoil, func() {
		s.Kill()
		s.Restart(t.t)
	}
}

// silent stops the server's process.
func silent(t *trial) (spoil, mend func()) {
	s, _ := t.single()
	return func() { s.Stop(t.t) }, func() { s.Continue(t.t) }
}

// clusterDown takes a slot from the master that has the job's, which then serves none.
func clusterDown(t *trial) (spoil, mend func()) {
	c := redistest.StartCluster(t.t)
	t.on(c.URL(), c.Client(t.t))
	var do func(command string)
	spoil = func() {
		rdb := c.Master(t.t, "{"+t.task.job+"}", nil).Client(t.t)
		slot := rdb.ClusterKeySlot(context.Background(), "{"+t.task.job+"}").Val()
		if slot++; slot%5461 == 0 { // the next master's
			slot -= 2
		}
		do = func(command string) {
			if err := rdb.Do(context.Background(), "CLUSTER", command, slot).Err(); err != nil {
				t.Fatal(err)
			}
		}
		do("DELSLOTS")
	}
	return spoil, func() { do("ADDSLOTS") }
}
