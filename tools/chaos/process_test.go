package chaos

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// process is one sunbulk that was started; its output goes to files.
type process struct {
	cmd      *exec.Cmd
	ended    chan struct{} // closed when it is gone
	out, err string        // files
}

// start runs the program until it ends, or the test does.
func start(t testing.TB, dir, name, program string, env []string, args ...string) *process {
	t.Helper()
	p := &process{ended: make(chan struct{}), out: filepath.Join(dir, name+".out"), err: filepath.Join(dir, name+".err")}
	stdout, err := os.Create(p.out)
	if err != nil {
		t.Fatal(err)
	}
	defer stdout.Close()
	stderr, err := os.Create(p.err)
	if err != nil {
		t.Fatal(err)
	}
	defer stderr.Close()
	p.cmd = exec.Command(program, args...)
	p.cmd.Dir, p.cmd.Env = dir, append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = stdout, stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait() // code tells
		close(p.ended)
	}()
	t.Cleanup(func() { p.kill() })
	return p
}

func (p *process) running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

func (p *process) signal(s syscall.Signal) {
	_ = p.cmd.Process.Signal(s) // it may be gone
}

// kill ends the process with SIGKILL and waits until it is gone.
func (p *process) kill() {
	p.signal(syscall.SIGKILL)
	<-p.ended
}

// code is the exit code; -1 after a signal.
func (p *process) code() int { return p.cmd.ProcessState.ExitCode() }

// end sends SIGTERM and returns the exit code; an error when it does not end in time.
func (p *process) end(limit time.Duration) (int, error) {
	p.signal(syscall.SIGTERM)
	select {
	case <-p.ended:
		return p.code(), nil
	case <-time.After(limit):
		return 0, fmt.Errorf("pid %d did not end within %s of SIGTERM", p.cmd.Process.Pid, limit)
	}
}

// said returns what the process wrote on stderr.
func (p *process) said() string {
	data, err := os.ReadFile(p.err)
	if err != nil {
		return err.Error()
	}
	return string(data)
}

// tail is the end of what it wrote.
func (p *process) tail() string {
	lines := bytes.Split(bytes.TrimSpace([]byte(p.said())), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-8):], []byte("\n")))
}

// answered returns the first word on stdout.
func (p *process) answered() string {
	data, _ := os.ReadFile(p.out)
	first, _, _ := strings.Cut(strings.TrimSpace(string(data)), "\n")
	return first
}
