package terminal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// reader is a stream whose reader takes what it likes.
type reader struct {
	mu      sync.Mutex
	took    bytes.Buffer
	blocked chan struct{} // nil: it reads on; else until it is closed it does not
	err     error
}

func (r *reader) Write(p []byte) (int, error) {
	if r.blocked != nil {
		<-r.blocked
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return 0, r.err
	}
	return r.took.Write(p)
}

// What is for people never fails and never waits for long, whatever its reader does.
func TestOutletForPeople(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		blocked := make(chan struct{})
		r := &reader{blocked: blocked}
		o := newOutlet(r)
		began := time.Now()
		for i := range 10_000 {
			if n, err := fmt.Fprintf(o, "line %d\n", i); err != nil || n == 0 {
				t.Fatalf("got %d and %v", n, err)
			}
		}
		if took := time.Since(began); took > readerPatience {
			t.Errorf("10,000 lines that nobody reads took %v, want %v at most", took, readerPatience)
		}
		close(blocked)
		synctest.Wait()
		if !strings.HasPrefix(r.took.String(), "line 0\nline 1\n") {
			t.Errorf("got %.40q, want what was written first", r.took.String())
		}
		r.took.Reset()
		fmt.Fprintln(o, "read again")
		if got := r.took.String(); got != "read again\n" {
			t.Errorf("got %q at once, want what was written", got)
		}
		r.err = syscall.EPIPE
		if _, err := fmt.Fprintln(o, "nobody there"); err != nil {
			t.Errorf("got %v for a closed pipe, want nothing", err)
		}
		o.Close()
		if _, err := fmt.Fprintln(o, "too late"); err != nil {
			t.Errorf("got %v after the end, want nothing", err)
		}
	})
}

// Data waits for its reader, until the command is stopped; a full disk is reported, a reader that has left is not.
func TestOutletOfData(t *testing.T) {
	for err, want := range map[error]bool{nil: false, syscall.EPIPE: false, io.ErrClosedPipe: false, syscall.ENOSPC: true, syscall.EIO: true} {
		o := Data{newOutlet(&reader{err: err}), t.Context()}
		n, got := o.Write([]byte("data"))
		if (got != nil) != want || want && !errors.Is(got, err) || !want && n != 4 {
			t.Errorf("%v: got %d and %v", err, n, got)
		}
		o.Close()
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		blocked := make(chan struct{})
		o := Data{newOutlet(&reader{blocked: blocked}), ctx}
		if _, err := o.Write([]byte("data")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the end of the command", err)
		}
		close(blocked)
		o.Close()
	})
}
