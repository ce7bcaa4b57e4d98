// Package rig starts what a measurement of real processes needs, in a folder of its own: a
// redis-server that writes every command to the disk, sunbulk, and whatever stands in for the API.
package rig

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Rig is a redis-server and the processes that were started beside it.
type Rig struct {
	Dir     string // working folder of every process, removed by Close
	Redis   string // host:port
	API     string // host:port of what sunbulk calls; the measurement sets it
	sunbulk string
	started []*exec.Cmd
}

// New starts Redis. The Rig must be closed even after an error.
func New(sunbulk string) (*Rig, error) {
	r := &Rig{}
	var err error
	if r.sunbulk, err = filepath.Abs(sunbulk); err != nil {
		return r, err
	}
	if r.Dir, err = os.MkdirTemp("", "sunbulk-bench"); err != nil {
		return r, err
	}
	if r.Redis, err = FreeAddress(); err != nil {
		return r, err
	}
	_, port, _ := strings.Cut(r.Redis, ":")
	server := exec.Command("redis-server", "--port", port, "--bind", "127.0.0.1", "--dir", r.Dir, "--appendonly", "yes", "--appendfsync", "always", "--save", "")
	if err := r.Start(server); err != nil {
		return r, fmt.Errorf("start Redis: %w", err)
	}
	return r, Reachable(r.Redis)
}

// Command is a sunbulk of the app "app" that knows this Redis and API.
func (r *Rig) Command(args ...string) *exec.Cmd {
	cmd := exec.Command(r.sunbulk, args...)
	cmd.Dir = r.Dir
	cmd.Env = append(os.Environ(), "SUNBULK_TOKEN=any", "SUNBULK_APP=app", "SUNBULK_BASE_URL=http://"+r.API, "SUNBULK_REDIS=redis://"+r.Redis)
	return cmd
}

// Start starts a process that ends with the Rig, or by Kill.
func (r *Rig) Start(cmd *exec.Cmd) error {
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", filepath.Base(cmd.Path), err)
	}
	r.started = append(r.started, cmd)
	return nil
}

// Kill ends a process that Start started.
func (r *Rig) Kill(cmd *exec.Cmd) {
	cmd.Process.Kill()
	cmd.Wait()
	r.started = slices.DeleteFunc(r.started, func(c *exec.Cmd) bool { return c == cmd })
}

// Close ends all processes and removes the folder.
func (r *Rig) Close() {
	for _, cmd := range slices.Backward(slices.Clone(r.started)) {
		r.Kill(cmd)
	}
	os.RemoveAll(r.Dir)
}

// FreeAddress is a host:port of this machine on which nothing listens.
func FreeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// Reachable waits up to ten seconds until something listens on the address.
func Reachable(address string) error {
	for range 500 {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			return conn.Close()
		}
		time.Sleep(20 * time.Millisecond)
	}
	return fmt.Errorf("%s does not answer", address)
}
