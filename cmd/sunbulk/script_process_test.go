package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// patience bounds what scripts wait for.
const patience = 5 * time.Minute

// process is a sunbulk in the background.
type process struct {
	*exec.Cmd
	done chan struct{} // closed when err is set
	err  error
}

func (s *script) stop() {
	for _, p := range s.processes {
		p.Process.Kill()
		<-p.done
	}
	if s.receiver != nil {
		s.receiver.Close()
	}
}

// code N ARG…: sunbulk ends with exit code N.
func code(_ *script, ts *testscript.TestScript, args []string) error {
	err := ts.Exec("sunbulk", args[1:]...)
	return judge(args[0], err, ts.ReadFile("stderr"))
}

// judge checks an exit code, and that nobody is shown a stack trace.
func judge(want string, err error, stderr string) error {
	got := "0"
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		got = strconv.Itoa(exit.ExitCode())
	} else if err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("exit code: got %s, want %s\n%s", got, want, stderr)
	}
	for _, trace := range []string{"goroutine ", "panic:", "DATA RACE"} {
		if strings.Contains(stderr, trace) {
			return fmt.Errorf("stderr holds %q\n%s", trace, stderr)
		}
	}
	return nil
}

// start NAME [<FILE|<+FILE] [>KIND] ARG…: sunbulk runs in the background and writes to NAME.out and NAME.err. It reads FILE
// from a pipe, which with + does not end. Of KIND both are a pipe whose reader is gone, or one that nobody reads (unread), or a
// full disk (full).
func start(s *script, ts *testscript.TestScript, args []string) error {
	name, args := args[0], args[1:]
	feed, fed := strings.CutPrefix(args[0], "<")
	if fed {
		args = args[1:]
	}
	sink, sunk := strings.CutPrefix(args[0], ">")
	if sunk {
		args = args[1:]
	}
	if err := ts.Exec("env", "-0"); err != nil {
		return err
	}
	program := filepath.Join(filepath.SplitList(ts.Getenv("PATH"))[0], "sunbulk")
	p := &process{Cmd: exec.Command(program, args...), done: make(chan struct{})}
	p.Dir = ts.MkAbs(".")
	p.Env = strings.Split(strings.TrimSuffix(ts.ReadFile("stdout"), "\x00"), "\x00")
	stdout, err := os.Create(ts.MkAbs(name + ".out"))
	if err != nil {
		return err
	}
	defer stdout.Close()
	stderr, err := os.Create(ts.MkAbs(name + ".err"))
	if err != nil {
		return err
	}
	defer stderr.Close()
	p.Stdout, p.Stderr = stdout, stderr
	if sunk {
		w, err := s.sink(sink)
		if err != nil {
			return err
		}
		defer w.Close()
		p.Stdout, p.Stderr = w, w
	}
	if fed {
		r, w, err := os.Pipe()
		if err != nil {
			return err
		}
		defer r.Close()
		p.Stdin = r
		file, open := strings.CutPrefix(feed, "+")
		go p.feed(w, ts.ReadFile(file), open)
	}
	if err := p.Start(); err != nil {
		return err
	}
	s.processes[name] = p
	go func() { p.err = p.Wait(); close(p.done) }()
	return nil
}

// sink is what takes no writes.
func (s *script) sink(kind string) (*os.File, error) {
	if kind == "full" {
		return os.OpenFile("/dev/full", os.O_WRONLY, 0)
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	if kind == "gone" {
		return w, r.Close()
	}
	if err := w.SetWriteDeadline(time.Now().Add(time.Second)); err != nil {
		return nil, err
	}
	for err = nil; err == nil; { // until it is full
		_, err = w.Write(make([]byte, 64<<10))
	}
	s.t.Cleanup(func() { r.Close() })
	return w, nil
}

// feed writes the text to the process, and with open holds the pipe as long as that runs.
func (p *process) feed(w *os.File, text string, open bool) {
	defer w.Close()
	if _, err := w.WriteString(text); err == nil && open {
		<-p.done
	}
}

// signal NAME INT|TERM|HUP|KILL [again]: with again it is sent until the process ends, as signals of one moment are one.
func sendSignal(s *script, _ *testscript.TestScript, args []string) error {
	signals := map[string]os.Signal{"INT": os.Interrupt, "TERM": syscall.SIGTERM, "HUP": syscall.SIGHUP, "KILL": os.Kill}
	p := s.processes[args[0]]
	if len(args) == 2 {
		return p.Process.Signal(signals[args[1]])
	}
	for {
		select {
		case <-p.done:
			return nil
		case <-time.After(sameSignal + 100*time.Millisecond):
			_ = p.Process.Signal(signals[args[1]]) // it may have ended
		}
	}
}

// ends NAME N: the process ends by itself with exit code N; -1 after SIGKILL.
func ends(s *script, ts *testscript.TestScript, args []string) error {
	p := s.processes[args[0]]
	select {
	case <-p.done:
	case <-time.After(patience):
		return fmt.Errorf("%s still runs\n%s", args[0], ts.ReadFile(args[0]+".err"))
	}
	return judge(args[1], p.err, ts.ReadFile(args[0]+".err"))
}

// appears TEXT FILE: the file holds the text in a while.
func appears(_ *script, ts *testscript.TestScript, args []string) error {
	return wait(args[1]+" holds "+args[0], func() (bool, error) {
		return strings.Contains(ts.ReadFile(args[1]), args[0]), nil
	})
}

// shows PATTERN ARG…: sunbulk comes to print a line that matches, with exit code 0.
func shows(_ *script, ts *testscript.TestScript, args []string) error {
	pattern, err := regexp.Compile("(?m)" + args[0])
	if err != nil {
		return err
	}
	return wait("sunbulk "+strings.Join(args[1:], " ")+" shows "+args[0], func() (bool, error) {
		err := ts.Exec("sunbulk", args[1:]...)
		return err == nil && pattern.MatchString(ts.ReadFile("stdout")), err
	})
}

var baseURL = regexp.MustCompile(`baseURL=(http://(\S+))`)

// simulator ARG…: sunbulk simulate runs in the background on a free port, or on that of the one
// before; $SIM is its base URL, $SIMHOST the address in it, $SIMPORT its port.
func simulator(s *script, ts *testscript.TestScript, args []string) error {
	listen := "127.0.0.1:0"
	if before, err := url.Parse(ts.Getenv("SIM")); err == nil && before.Host != "" {
		listen = before.Host
	}
	if err := start(s, ts, append([]string{"sim", "simulate", "--listen", listen}, args...)); err != nil {
		return err
	}
	return wait("the simulator is up", func() (bool, error) {
		found := baseURL.FindStringSubmatch(ts.ReadFile("sim.err"))
		if found == nil {
			return false, nil
		}
		ts.Setenv("SIM", found[1])
		ts.Setenv("SIMHOST", found[2])
		_, port, _ := strings.Cut(found[2], ":")
		ts.Setenv("SIMPORT", port)
		return true, nil
	})
}

// wait looks until done is true.
func wait(what string, done func() (bool, error)) error {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if ok, err := done(); ok || err != nil {
			return err
		}
	}
	return fmt.Errorf("waited %s in vain until %s", patience, what)
}
