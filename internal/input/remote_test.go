package input

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/jobs"
)

func TestAnObjectIsReadOnce(t *testing.T) {
	s := &shelf{data: gzipped(t, users(1000)), etag: `"v1"`}
	srv := httptest.NewServer(s)
	defer srv.Close()
	got, before, err := readURL(t.Context(), t, quick(), strings.Replace(srv.URL, "//", "//me:hidden@", 1)+"/a%20b.csv?signature=hidden#hidden")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(s.data)
	size := int64(len(s.data))
	want := jobs.Input{Name: srv.URL + "/a%20b.csv", Version: `etag "v1"`, Bytes: size}
	if diff := cmp.Diff(want, before); diff != "" {
		t.Errorf("before (-want +got):\n%s", diff)
	}
	want.Format, want.SHA256, want.FirstRow, want.Rows = "csv+gzip", hex.EncodeToString(sum[:]), 1, 1000
	if diff := cmp.Diff([]jobs.Input{want}, got.inputs); diff != "" {
		t.Errorf("after (-want +got):\n%s", diff)
	}
	var conditions []string
	for _, h := range s.requests() {
		conditions = append(conditions, h.Get("If-Match"))
	}
	if diff := cmp.Diff([]string{"", s.etag, s.etag}, conditions); diff != "" {
		t.Errorf("If-Match of the requests for version, start and whole (-want +got):\n%s", diff)
	}
}

// A connection that breaks is made again where it broke, and no row is lost or comes twice (I1, I2).
func TestAReadingGoesOn(t *testing.T) {
	const rows = 20_000
	hang := func(n int, w http.ResponseWriter, r *http.Request) bool {
		if n == 3 {
			w.Header().Set("ETag", `"v1"`)
			w.Header().Set("Content-Length", fmt.Sprint(len(users(rows))))
			w.Write(users(rows)[:1000])
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}
		return n == 3
	}
	busy := func(n int, w http.ResponseWriter, _ *http.Request) bool {
		if n > 3 && n < 4+maxTries-1 {
			w.WriteHeader([]int{http.StatusServiceUnavailable, http.StatusTooManyRequests, http.StatusInternalServerError}[n%3])
			return true
		}
		return false
	}
	early := func(n int, w http.ResponseWriter, _ *http.Request) bool {
		if n == 3 {
			w.Header().Set("ETag", `"v1"`)
			w.Write(users(rows)[:100_000]) // too long for the server to add its length
		}
		return n == 3
	}
	tests := []struct {
		name      string
		shelf     *shelf
		condition string // header of requests that go on
	}{
		{"by ETag, more often than a break may last", &shelf{etag: `"v1"`, cut: 20_000}, "If-Match"},
		{"by time and size", &shelf{modified: changed, cut: 100_000}, "If-Unmodified-Since"},
		{"weak ETag", &shelf{etag: `W/"v1"`, modified: changed, cut: 100_000}, "If-Unmodified-Since"},
		{"nothing comes", &shelf{etag: `"v1"`, fault: hang}, "If-Match"},
		{"ends early", &shelf{etag: `"v1"`, fault: early}, "If-Match"},
		{"busy", &shelf{etag: `"v1"`, cut: 300_000, fault: busy}, "If-Match"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.shelf.data = users(rows)
			srv := httptest.NewServer(test.shelf)
			defer srv.Close()
			got, _, err := readURL(t.Context(), t, quick(), srv.URL)
			if err != nil {
				t.Fatal(err)
			}
			for i, rec := range got.records {
				if rec.Rejection != nil || rec.Row.User != fmt.Sprintf("a user with number %d", i) {
					t.Fatalf("record %d: got %s", i+1, tell(rec))
				}
			}
			if len(got.records) != rows || got.inputs[0].Error != "" {
				t.Errorf("got %d records of %d, error %q", len(got.records), rows, got.inputs[0].Error)
			}
			seen := test.shelf.requests()
			if last := seen[len(seen)-1]; last.Get("Range") == "" || last.Get(test.condition) == "" {
				t.Errorf("got last request %v, want a Range and %s", last, test.condition)
			}
		})
	}
}

// Where a reading cannot go on, the rows before stay what they are, and one rejection says why (I1).
func TestAReadingThatBreaksOff(t *testing.T) {
	const rows = 20_000
	on := func(n int, do func(w http.ResponseWriter, r *http.Request)) func(int, http.ResponseWriter, *http.Request) bool {
		return func(request int, w http.ResponseWriter, r *http.Request) bool {
			if request >= n {
				do(w, r)
			}
			return false
		}
	}
	answer := func(n, status int) func(int, http.ResponseWriter, *http.Request) bool {
		return func(request int, w http.ResponseWriter, _ *http.Request) bool {
			if request >= n {
				w.WriteHeader(status)
			}
			return request >= n
		}
	}
	plain := func(r *http.Request, names ...string) {
		for _, name := range names {
			r.Header.Del(name)
		}
	}
	changing := &shelf{etag: `"v1"`, cut: 200_000}
	changing.fault = on(4, func(http.ResponseWriter, *http.Request) { changing.etag = `"v2"` })
	deaf := &shelf{etag: `"v1"`, cut: 200_000}
	deaf.fault = on(4, func(_ http.ResponseWriter, r *http.Request) { deaf.etag = `"v2"`; plain(r, "If-Match") })
	longer := &shelf{etag: `"v1"`, cut: 200_000}
	longer.fault = on(4, func(http.ResponseWriter, *http.Request) { longer.data = users(rows + 1) })
	touched := &shelf{modified: changed, cut: 200_000}
	touched.fault = on(4, func(_ http.ResponseWriter, r *http.Request) {
		touched.modified = changed.Add(time.Hour)
		plain(r, "If-Unmodified-Since")
	})
	hangs := &shelf{fault: func(_ int, w http.ResponseWriter, r *http.Request) bool {
		w.Write(users(rows)[:100_000])
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		return true
	}}
	early := &shelf{etag: `"v1"`}
	early.fault = on(3, func(http.ResponseWriter, *http.Request) { early.etag = `"v2"` })
	tests := []struct {
		name  string
		shelf *shelf
		cause string
	}{
		{"changed", changing, "it has changed while it was read"},
		{"changed, conditions passed over", deaf, "it has changed while it was read"},
		{"other length", longer, "it has changed while it was read"},
		{"changed at another time", touched, "it has changed while it was read"},
		{"changed before its turn", early, "it has changed while it was read"},
		{"no ranges", &shelf{etag: `"v1"`, cut: 200_000, fault: on(3, func(_ http.ResponseWriter, r *http.Request) { plain(r, "Range") })}, "the server cannot go on in the middle"},
		{"no version", &shelf{cut: 200_000}, "tells no ETag or time of change by which to go on: unexpected EOF"},
		{"no version, and nothing comes", hangs, "by which to go on: nothing came for 200ms"},
		{"expired", &shelf{etag: `"v1"`, cut: 200_000, fault: answer(4, http.StatusForbidden)}, "could not be made again: the server answers 403 Forbidden"},
		{"down", &shelf{etag: `"v1"`, cut: 200_000, fault: answer(4, http.StatusBadGateway)}, "could not be made again for minutes: the server answers 502 Bad Gateway"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.shelf.data = users(rows)
			srv := httptest.NewServer(test.shelf)
			defer srv.Close()
			got, _, err := readURL(t.Context(), t, quick(), srv.URL+"/?key=hidden")
			if err != nil {
				t.Fatal(err)
			}
			n := len(got.records)
			for i, rec := range got.records[:n-1] {
				if rec.Rejection != nil || rec.Row.User != fmt.Sprintf("a user with number %d", i) {
					t.Fatalf("record %d: got %s", i+1, tell(rec))
				}
			}
			last := tell(got.records[n-1])
			if got.records[n-1].Rejection == nil || !strings.Contains(last, test.cause) || strings.Contains(last, "hidden") {
				t.Errorf("got last of %d records %s, want cause %q", n, last, test.cause)
			}
			if in := got.inputs[0]; !strings.Contains(in.Error, test.cause) || in.Rows != int64(n) {
				t.Errorf("got input %+v, want error %q and %d rows", in, test.cause, n)
			}
			if got := len(test.shelf.requests()); got > 3+maxTries {
				t.Errorf("got %d requests", got)
			}
		})
	}
}

// An object that its server tells no version of is read once, like a pipe.
func TestAnObjectWithoutVersionIsReadLikeAPipe(t *testing.T) {
	s := &shelf{data: users(1000)}
	srv := httptest.NewServer(s)
	defer srv.Close()
	got, before, err := readURL(t.Context(), t, quick(), srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(jobs.Input{Name: srv.URL}, before); diff != "" {
		t.Errorf("before (-want +got):\n%s", diff)
	}
	if n := len(got.records); n != 1000 || len(s.requests()) != 1 {
		t.Errorf("got %d records by %d requests, want 1000 by 1", n, len(s.requests()))
	}
}

// What takes the records looks at the context: the reading ends with it.
func TestAReadingIsInterrupted(t *testing.T) {
	s := &shelf{data: users(20_000), etag: `"v1"`, cut: 200_000}
	srv := httptest.NewServer(s)
	defer srv.Close()
	ctx, stop := context.WithCancel(t.Context())
	s.fault = func(n int, w http.ResponseWriter, _ *http.Request) bool {
		if n == 4 {
			stop()
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		return n == 4
	}
	got, _, err := readURL(ctx, t, quick(), srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	if in := got.inputs[0]; !strings.Contains(in.Error, "context canceled") {
		t.Errorf("got input %+v, want an error", in)
	}
	if got := len(s.requests()); got != 4 {
		t.Errorf("got %d requests, want 4", got)
	}
}
