package input

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
)

// shelf is a web server with one object. Faults are by request, counted from 1: the first asks for the
// version, the second looks at the object's start, the third reads it.
type shelf struct {
	data     []byte
	etag     string
	modified time.Time
	cut      int                                                      // bytes after which each connection breaks; 0 = none
	fault    func(n int, w http.ResponseWriter, r *http.Request) bool // answers itself, or changes the shelf

	mu   sync.Mutex
	seen []http.Header
}

func (s *shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.seen = append(s.seen, r.Header.Clone())
	n := len(s.seen)
	s.mu.Unlock()
	if s.fault != nil && s.fault(n, w, r) {
		return
	}
	if s.etag != "" {
		w.Header().Set("ETag", s.etag)
	}
	if s.cut > 0 {
		w = &cutWriter{w, s.cut}
	}
	http.ServeContent(w, r, "", s.modified, bytes.NewReader(s.data))
}

func (s *shelf) requests() []http.Header {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen
}

// cutWriter breaks the connection after left bytes.
type cutWriter struct {
	http.ResponseWriter
	left int
}

func (c *cutWriter) Write(p []byte) (int, error) {
	if len(p) > c.left {
		c.ResponseWriter.Write(p[:c.left])
		c.ResponseWriter.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	c.left -= len(p)
	return c.ResponseWriter.Write(p)
}

// quick is a network whose waits are short.
func quick() *network {
	n := newNetwork()
	n.idle, n.pause = 200*time.Millisecond, time.Millisecond
	return n
}

func users(n int) []byte {
	b := []byte("user\n")
	for i := range n {
		b = fmt.Appendf(b, "a user with number %d\n", i)
	}
	return b
}

// readURL reads one input, with the digest that is taken before.
func readURL(ctx context.Context, t *testing.T, n *network, name string) (result, jobs.Input, error) {
	t.Helper()
	files, err := n.findAll(ctx, []string{name})
	if err != nil {
		return result{}, jobs.Input{}, err
	}
	digests, err := files.Digest()
	if err != nil {
		t.Fatal(err)
	}
	r, err := Open(ctx, files, Config{Op: "list"})
	if err != nil {
		return result{}, jobs.Input{}, err
	}
	defer r.Close()
	var got result
	for rec := range r.Records() {
		got.records = append(got.records, rec)
	}
	got.inputs = r.Inputs()
	return got, digests[0], nil
}

// changed is when the objects of tests were changed last.
var changed = time.Date(2026, 11, 22, 4, 0, 0, 0, time.UTC)
