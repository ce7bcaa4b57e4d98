// Package redistest starts real Redis processes for tests, on free ports and with their data in
// temporary folders: one server, one with replicas and Sentinels, or a Cluster. Where none is installed, tests that need it are skipped, unless
// SUNBULK_NEED_REDIS is set, as it is in CI.
package redistest

import (
	"context"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// Server is a redis-server process that persists every write.
type Server struct {
	Addr string // host:port
	dir  string
	args []string
	cmd  *exec.Cmd
}

// Start runs a server until the test ends. The arguments are added to those of its command line.
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	path := binary(t, "redis-server")
	s := &Server{Addr: freeAddr(t), dir: t.TempDir(), args: args}
	t.Cleanup(s.Kill)
	s.start(t, path)
	return s
}

// binary is the path of an installed program.
func binary(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if os.Getenv("SUNBULK_NEED_REDIS") != "" {
		t.Fatalf("%s is not installed (apt-get install redis-server)", name)
	}
	t.Skipf("%s is not installed (apt-get install redis-server)", name)
	return ""
}

// Restart starts the server again on its data and its port, after Kill.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	s.start(t, s.cmd.Path)
}

// Launch is Restart with more arguments, which does not wait for the server to answer.
func (s *Server) Launch(t testing.TB, args ...string) {
	t.Helper()
	s.launch(t, s.cmd.Path, args...)
}

// Kill ends the server with SIGKILL.
func (s *Server) Kill() {
	if s.cmd != nil && s.cmd.ProcessState == nil {
		s.cmd.Process.Kill()
		s.cmd.Wait()
	}
}

// URL is the address as sunbulk's --redis takes it.
func (s *Server) URL() string { return "redis://" + s.Addr }

// Client returns a client that is closed when the test ends.
func (s *Server) Client(t testing.TB) *redis.Client {
	rdb := redis.NewClient(&redis.Options{Addr: s.Addr})
	t.Cleanup(func() { rdb.Close() })
	return rdb
}

func (s *Server) start(t testing.TB, path string) {
	t.Helper()
	s.launch(t, path)
	s.wait(t, "redis-server")
}

func (s *Server) launch(t testing.TB, path string, args ...string) {
	t.Helper()
	_, port, err := net.SplitHostPort(s.Addr)
	if err != nil {
		t.Fatal(err)
	}
	s.cmd = exec.Command(path, append([]string{"--port", port, "--bind", "127.0.0.1", "--dir", s.dir,
		"--appendonly", "yes", "--appendfsync", "always", "--save", ""}, slices.Concat(s.args, args)...)...)
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
}

// wait returns when the server answers.
func (s *Server) wait(t testing.TB, name string) {
	t.Helper()
	rdb := redis.NewClient(&redis.Options{Addr: s.Addr, MaxRetries: -1, DialerRetries: 1})
	defer rdb.Close()
	until(t, name+" answers", func() error {
		err := rdb.Ping(context.Background()).Err()
		if err != nil && strings.HasPrefix(err.Error(), "NOAUTH ") {
			return nil
		}
		return err
	})
}

// until returns when a condition holds, and fails the test when it does not within half a minute.
func until(t testing.TB, what string, holds func() error) {
	t.Helper()
	var err error
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if err = holds(); err == nil {
			return
		}
	}
	t.Fatalf("waited for half a minute until %s: %v", what, err)
}

// freeAddr is an address below the ports that the system gives to outgoing connections: one of those could take that of a server which is down.
func freeAddr(t testing.TB) string {
	t.Helper()
	const first, count = 15_000, 17_000
	for range 100 {
		l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(first+rand.IntN(count)))
		if err == nil {
			defer l.Close()
			return l.Addr().String()
		}
	}
	t.Fatal("no port is free")
	return ""
}
