package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sunbulk/sunbulk/tools/bench/rig"
)

// world is a redis-server, a simulator and workers, all of them processes.
type world struct {
	*rig.Rig
	sim     *exec.Cmd
	workers []*exec.Cmd
}

// newWorld starts Redis and a simulator without faults. The world must be closed even after an error.
func newWorld(sunbulk string) (*world, error) {
	r, err := rig.New(sunbulk)
	w := &world{Rig: r}
	if err != nil {
		return w, err
	}
	return w, w.simulator()
}

// simulator starts the simulated API, in place of the one before.
func (w *world) simulator(flags ...string) (err error) {
	if w.sim != nil {
		w.Kill(w.sim)
	}
	if w.API, err = rig.FreeAddress(); err != nil {
		return err
	}
	w.sim = w.Command(append([]string{"simulate", "--listen", w.API}, flags...)...)
	if err := w.Start(w.sim); err != nil {
		return err
	}
	return rig.Reachable(w.API)
}

// begin queues rows and starts workers.
func (w *world) begin(op string, rows, workers int, flags ...string) error {
	if err := w.enqueue(op, rows, flags...); err != nil {
		return err
	}
	for range workers {
		if err := w.hire(); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) hire() error {
	cmd := w.Command("worker", "--log-level", "error")
	if err := w.Start(cmd); err != nil {
		return err
	}
	w.workers = append(w.workers, cmd)
	return nil
}

// churn kills the oldest worker and starts another at intervals, until stop.
func (w *world) churn(interval time.Duration, stop <-chan struct{}) error {
	for {
		select {
		case <-stop:
			return nil
		case <-time.After(interval):
		}
		w.Kill(w.workers[0])
		w.workers = slices.Delete(w.workers, 0, 1)
		if err := w.hire(); err != nil {
			return err
		}
	}
}

func (w *world) enqueue(op string, rows int, flags ...string) error {
	name := filepath.Join(w.Dir, op+".csv")
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	out := bufio.NewWriter(f)
	fmt.Fprintln(out, "op,user,matchCriteria.type,integrationId,phoneNumber,confirmation.type,conversationId")
	for i := range rows {
		if op == "list" {
			fmt.Fprintf(out, "list,user-%d,,,,,\n", i)
		} else {
			fmt.Fprintf(out, "create,user-%d,whatsapp,int-1,+1212%07d,immediate,conv-1\n", i, i)
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	text, err := w.Command(append([]string{"enqueue", name, "--quiet"}, flags...)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("enqueue: %w: %s", err, text)
	}
	return nil
}

// stats are the simulator's counters.
type stats struct {
	Calls        map[string]int64 `json:"calls"`
	Statuses     map[int]int64    `json:"statuses"`
	MaxPerSecond int              `json:"maxPerSecond"`
}

func (s stats) total() int64 { return s.Calls["create"] + s.Calls["list"] + s.Calls["remove"] }

func (w *world) stats() (s stats, err error) {
	res, err := http.Get("http://" + w.API + "/_sim/stats")
	if err != nil {
		return s, fmt.Errorf("ask simulator: %w", err)
	}
	defer res.Body.Close()
	return s, json.NewDecoder(res.Body).Decode(&s)
}

// during returns the counters before and after a time.
func (w *world) during(d time.Duration) (before, after stats, took time.Duration, err error) {
	if before, err = w.stats(); err != nil {
		return
	}
	start := time.Now()
	time.Sleep(d)
	after, err = w.stats()
	return before, after, time.Since(start), err
}

// until returns the counters once they are as wanted.
func (w *world) until(wanted func(stats) bool) (stats, error) {
	for range 1200 {
		s, err := w.stats()
		if err != nil || wanted(s) {
			return s, err
		}
		time.Sleep(100 * time.Millisecond) // the simulator counts all of its clients for each answer
	}
	return stats{}, errors.New("waited two minutes in vain")
}

// countLeases counts the calls to Redis about the pace until the returned function is called.
func (w *world) countLeases() (func() int64, error) {
	conn, err := net.Dial("tcp", w.Redis)
	if err != nil {
		return nil, fmt.Errorf("monitor Redis: %w", err)
	}
	if _, err := conn.Write([]byte("MONITOR\r\n")); err != nil {
		return nil, fmt.Errorf("monitor Redis: %w", err)
	}
	var n atomic.Int64
	go func() {
		for lines := bufio.NewReader(conn); ; {
			line, err := lines.ReadString('\n')
			if err != nil {
				return // closed
			}
			if strings.Contains(line, `"sunbulk:pace:`) && !strings.Contains(line, " lua]") {
				n.Add(1)
			}
		}
	}()
	return func() int64 { conn.Close(); return n.Load() }, nil
}
