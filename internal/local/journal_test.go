package local

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// brokenDisk is a disk in memory that fails when asked, and counts its fsyncs.
type brokenDisk struct {
	mu       sync.Mutex
	data     []byte
	syncs    int
	failOn   string // "write" (after half of it) or "sync"
	syncGate chan struct{}
}

var errDisk = errors.New("no space left on device")

func (d *brokenDisk) ReadAt(p []byte, off int64) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return bytes.NewReader(d.data).ReadAt(p, off)
}

func (d *brokenDisk) WriteAt(p []byte, off int64) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := len(p)
	if d.failOn == "write" {
		n /= 2
	}
	if missing := int(off) + n - len(d.data); missing > 0 {
		d.data = append(d.data, make([]byte, missing)...)
	}
	copy(d.data[off:], p[:n])
	if n < len(p) {
		return n, errDisk
	}
	return n, nil
}

func (d *brokenDisk) Sync() error {
	if d.syncGate != nil {
		<-d.syncGate
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.syncs++
	if d.failOn == "sync" {
		return errDisk
	}
	return nil
}

func (d *brokenDisk) fail(on string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.failOn = on
}

func TestWaitingLinesShareOneFsync(t *testing.T) {
	d := &brokenDisk{syncGate: make(chan struct{})}
	j := newJournal(d, 0)
	const lines = 64
	var all sync.WaitGroup
	settle := func(g *group) {
		all.Go(func() {
			if err := j.settle(g); err != nil {
				t.Error(err)
			}
		})
	}
	settle(j.add([]byte("first\n")))
	for j.waiting() > 0 { // until the first one is being written
		runtime.Gosched()
	}
	for i := range lines {
		settle(j.add(fmt.Appendf(nil, "line %d\n", i)))
	}
	close(d.syncGate)
	all.Wait()
	if want := 2; d.syncs != want {
		t.Errorf("fsyncs for %d lines: got %d, want %d", lines+1, d.syncs, want)
	}
	if got, want := strings.Count(string(d.data), "\n"), lines+1; got != want {
		t.Errorf("lines: got %d, want %d", got, want)
	}
}

func TestI1LinesThatCouldNotBeWrittenAreWrittenOnce(t *testing.T) {
	for _, failure := range []string{"write", "sync"} {
		t.Run(failure, func(t *testing.T) {
			d := &brokenDisk{}
			j := newJournal(d, 0)
			if err := j.settle(j.add([]byte("one\n"))); err != nil {
				t.Fatal(err)
			}
			d.fail(failure)
			if err := j.settle(j.add([]byte("two\n"))); !errors.Is(err, errDisk) {
				t.Errorf("settle on a full disk: got %v, want %v", err, errDisk)
			}
			if err := j.ready(); !errors.Is(err, errDisk) {
				t.Errorf("ready on a full disk: got %v, want %v", err, errDisk)
			}
			got, err := io.ReadAll(j.written())
			if want := "one\n"; err != nil || string(got) != want {
				t.Errorf("written: got %q and %v, want %q", got, err, want)
			}
			d.fail("")
			if err := j.settle(j.add([]byte("three\n"))); err != nil {
				t.Fatal(err)
			}
			if err := j.ready(); err != nil {
				t.Error(err)
			}
			if got, want := string(d.data), "one\ntwo\nthree\n"; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}
