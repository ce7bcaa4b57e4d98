//go:build unix

package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/internal/redistest"
)

// The addresses that documents name. Tests put free ones in their place.
const (
	docRedis     = "localhost:6379"
	docSimulator = "127.0.0.1:8090"
)

// docShell is the shell that a document's commands are typed into.
type docShell struct {
	t       *testing.T
	dir     string
	in      io.Writer
	codes   chan int
	outputs int
	there   *strings.Replacer // what a document says → what is so here
	back    *strings.Replacer
	ids     map[string]string // of jobs and runs, likewise
}

// newDocShell starts a shell in a new folder with testdata in it, which finds sunbulk by path. It ends with the test, and with all it started.
func newDocShell(t *testing.T, path string, server *redistest.Server) *docShell {
	t.Helper()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash")
	}
	sh := &docShell{t: t, dir: t.TempDir(), codes: make(chan int), ids: map[string]string{}}
	if err := os.CopyFS(filepath.Join(sh.dir, "testdata"), os.DirFS("../../testdata")); err != nil {
		t.Fatal(err)
	}
	simulator := freePort(t)
	pairs := []string{docSimulator, simulator}
	if server != nil {
		pairs = append(pairs, docRedis, server.Addr)
	}
	sh.there = strings.NewReplacer(pairs...)
	slices.Reverse(pairs)
	sh.back = strings.NewReplacer(pairs...)

	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(bash, "--noprofile", "--norc")
	cmd.Dir = sh.dir
	cmd.Env = []string{"PATH=" + path, "HOME=" + t.TempDir(), "TMPDIR=" + t.TempDir(), "TZ=UTC", "GORACE=atexit_sleep_ms=0", "SUNBULK_LISTEN=" + simulator}
	cmd.ExtraFiles = []*os.File{w}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	sh.in = in
	go func() {
		defer close(sh.codes)
		for lines := bufio.NewScanner(r); lines.Scan(); {
			code, _ := strconv.Atoi(lines.Text())
			sh.codes <- code
		}
	}()
	t.Cleanup(func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		cmd.Wait()
		for range sh.codes {
		}
		r.Close()
	})
	return sh
}

// setKnobs changes the faults of the simulator.
func (sh *docShell) setKnobs(knobs string) {
	sh.t.Helper()
	request, err := http.NewRequest(http.MethodPut, "http://"+sh.there.Replace(docSimulator)+"/_sim/knobs", strings.NewReader(knobs))
	if err != nil {
		sh.t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		sh.t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode/100 != 2 {
		sh.t.Fatalf("knobs %s: %s", knobs, answer.Status)
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// step runs a command of a document. One in the background has time to print what it should.
func (sh *docShell) step(s docStep, vary bool) []string {
	command, background := strings.CutSuffix(s.command, " &")
	if !background {
		out, _ := sh.run(command)
		return split(out)
	}
	log := fmt.Sprintf("background.%d", sh.outputs)
	sh.run(command + " >" + sh.hidden(log) + " 2>&1 &")
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		got := split(sh.read(log))
		if sh.compare(s.want, got[:min(len(got), len(s.want))], vary) == "" || time.Now().After(end) {
			return got[:min(len(got), len(s.want))]
		}
	}
}

// run has the shell run a command, and returns what it printed and its exit code.
func (sh *docShell) run(command string) (string, int) {
	for doc, here := range sh.ids {
		command = strings.ReplaceAll(command, doc, here)
	}
	sh.outputs++
	name := fmt.Sprintf("output.%d", sh.outputs)
	fmt.Fprintf(sh.in, "{ %s\n} >%s 2>&1 </dev/null 3>&-; code=$?; echo $code >&3; (exit $code)\n", sh.there.Replace(command), sh.hidden(name))
	select {
	case code, ok := <-sh.codes:
		if !ok {
			sh.t.Fatalf("the shell ended in: %s\n%s", command, sh.read(name))
		}
		out := sh.read(name)
		for _, trace := range []string{"goroutine ", "panic:", "DATA RACE"} {
			if strings.Contains(out, trace) {
				sh.t.Fatalf("%s prints %q\n%s", command, trace, out)
			}
		}
		return out, code
	case <-time.After(patience):
		out := sh.read(name)
		sh.t.Fatalf("%s does not end\n%s", command, out[max(0, len(out)-2000):])
		return "", 0
	}
}

// hidden is the path of a file beside the folder, which no command of a document sees.
func (sh *docShell) hidden(name string) string {
	return filepath.Join(filepath.Dir(sh.dir), filepath.Base(sh.dir)+"."+name)
}

func (sh *docShell) read(name string) string {
	data, err := os.ReadFile(sh.hidden(name))
	if err != nil && !os.IsNotExist(err) { // one in the background may not have begun
		sh.t.Fatal(err)
	}
	return sh.back.Replace(string(data))
}

func split(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}
