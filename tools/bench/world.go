package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sunbulk/sunbulk/tools/bench/rig"
)

// world is a fresh Redis and a fresh stand-in, for one measurement.
type world struct {
	*rig.Rig
	bench *bench
	rdb   *redis.Client
	empty int64 // bytes of Redis before anything was queued
}

// in measures in a world of its own.
func (b *bench) in(measure func(*world) error) error {
	r, err := rig.New(b.sunbulk)
	defer r.Close()
	if err != nil {
		return err
	}
	w := &world{Rig: r, bench: b, rdb: redis.NewClient(&redis.Options{Addr: r.Redis})}
	defer w.rdb.Close()
	if w.API, err = w.serve("stand-in"); err != nil {
		return err
	}
	if w.empty, err = w.memory(); err != nil {
		return err
	}
	return measure(w)
}

// role is this program in another part, as a process of its own.
func (w *world) role(args ...string) *exec.Cmd {
	cmd := exec.Command(w.bench.self, args...)
	cmd.Stderr = os.Stderr
	return cmd
}

// serve starts a role that listens, and returns where.
func (w *world) serve(role string, args ...string) (address string, err error) {
	if address, err = rig.FreeAddress(); err != nil {
		return "", err
	}
	if err := w.Start(w.role(append([]string{role, address}, args...)...)); err != nil {
		return "", err
	}
	return address, rig.Reachable(address)
}

// input is a file of so many rows, which all worlds share.
func (w *world) input(f format, rows int) (string, error) {
	name := filepath.Join(w.bench.inputs, fmt.Sprintf("%d.%s", rows, f.name))
	if _, err := os.Stat(name); err == nil {
		return name, nil
	}
	return name, f.write(name, rows)
}

// usage is what a process took.
type usage struct {
	wall, cpu time.Duration
	peak      float64 // of its memory, in MB
	out       string  // on stdout
}

// finish runs a process to its end, which must be a good one.
func finish(cmd *exec.Cmd) (usage, error) {
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	start := time.Now()
	err := cmd.Run()
	u := used(cmd, time.Since(start))
	if err != nil {
		return u, fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args, " "), err, said.String())
	}
	u.out = strings.TrimSpace(out.String())
	return u, nil
}

func used(cmd *exec.Cmd, wall time.Duration) usage {
	s := cmd.ProcessState
	u := usage{wall: wall, cpu: s.UserTime() + s.SystemTime()}
	if r, ok := s.SysUsage().(*syscall.Rusage); ok {
		u.peak = float64(r.Maxrss) * 1024 / 1e6
		if runtime.GOOS == "darwin" { // where it is in bytes
			u.peak = float64(r.Maxrss) / 1e6
		}
	}
	return u
}

// enqueue queues a file and returns the job's id as the output.
func (w *world) enqueue(f format, rows int) (usage, error) {
	name, err := w.input(f, rows)
	if err != nil {
		return usage{}, err
	}
	return finish(w.Command("enqueue", name, "--op", "create", "--rate", "0", "--quiet"))
}

// work runs a worker until the job is finished.
func (w *world) work(job string) (usage, error) {
	worker := w.Command("worker", "--log-level", "error")
	start := time.Now()
	if err := w.Start(worker); err != nil {
		return usage{}, err
	}
	if err := w.until(func() (bool, error) {
		state, err := w.rdb.HGet(context.Background(), "sunbulk:{"+job+"}", "state").Result()
		return state == "finished", err
	}); err != nil {
		return usage{}, err
	}
	if err := worker.Process.Signal(syscall.SIGTERM); err != nil {
		return usage{}, err
	}
	if err := worker.Wait(); err != nil {
		return usage{}, fmt.Errorf("worker: %w", err)
	}
	return used(worker, time.Since(start)), nil
}

// until waits for something that takes half an hour at most.
func (w *world) until(done func() (bool, error)) error {
	for range 90_000 {
		if ok, err := done(); ok || err != nil {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
	return errors.New("waited half an hour in vain")
}

// called waits until the stand-in has seen so many creates.
func (w *world) called(n int) (s seen, err error) {
	err = w.until(func() (bool, error) {
		s, err = ask(w.API)
		return s.Calls >= int64(n), err
	})
	return s, err
}

// memory is how many bytes Redis uses.
func (w *world) memory() (int64, error) {
	info, err := w.rdb.InfoMap(context.Background(), "memory").Result()
	if err != nil {
		return 0, fmt.Errorf("ask Redis: %w", err)
	}
	return strconv.ParseInt(info["Memory"]["used_memory"], 10, 64)
}

// bytesPerRow is what Redis uses of each row, now.
func (w *world) bytesPerRow(rows int) (float64, error) {
	now, err := w.memory()
	return float64(now-w.empty) / float64(rows), err
}
