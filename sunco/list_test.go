package sunco_test

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/sunbulk/sunbulk/sunco"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
)

// list returns the ids that List gives.
func list(ctx context.Context, api *sunco.API, user string, query sunco.ListQuery) (ids []string, err error) {
	for c, err := range api.List(ctx, user, query) {
		if err != nil {
			return ids, err
		}
		ids = append(ids, c.ID)
	}
	return ids, nil
}

func userWith(clients int) (user suncotest.User, ids []string) {
	user.ID = "u"
	for i := range clients {
		id := fmt.Sprintf("%024d", i)
		user.Clients = append(user.Clients, sunco.Client{ID: id, Type: "sdk"})
		ids = append(ids, id)
	}
	return user, ids
}

func TestListGivesEachClientOnce(t *testing.T) {
	knobs := map[string]suncotest.Knobs{
		"cursors":           {},
		"links only":        {OmitMeta: true},
		"meta only":         {OmitLinks: true},
		"no meta, no links": {OmitMeta: true, OmitLinks: true},
	}
	for name, k := range knobs {
		for _, n := range []int{0, 1, 25, 26, 100, 250} {
			for _, size := range []int{0, 1, 25} {
				t.Run(fmt.Sprintf("%s/%d of %d", name, n, size), func(t *testing.T) {
					user, want := userWith(n)
					api := serve(t, suncotest.New(suncotest.Config{World: suncotest.World{Users: []suncotest.User{user}}, Knobs: k}))
					got, err := list(t.Context(), api, "u", sunco.ListQuery{PageSize: size})
					if err != nil {
						t.Fatal(err)
					}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("ids (-want +got):\n%s", diff)
					}
				})
			}
		}
	}
}

func TestListEndsWhereTheCallerDoes(t *testing.T) {
	user, _ := userWith(30)
	sim := suncotest.New(suncotest.Config{World: suncotest.World{Users: []suncotest.User{user}}})
	api := serve(t, sim)
	for range api.List(t.Context(), "u", sunco.ListQuery{PageSize: 10}) {
		break
	}
	if got := sim.Stats().Calls["list"]; got != 1 {
		t.Errorf("got %d calls, want 1", got)
	}
}

// TestI4NextIsOneCall: a pace that counts calls must count the pages of a list.
func TestI4NextIsOneCall(t *testing.T) {
	user, want := userWith(30)
	sim := suncotest.New(suncotest.Config{World: suncotest.World{Users: []suncotest.User{user}}})
	pages := serve(t, sim).Pages("u", sunco.ListQuery{PageSize: 10})
	var got []string
	for calls := int64(1); pages.More(); calls++ {
		clients, err := pages.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range clients {
			got = append(got, c.ID)
		}
		if got := sim.Stats().Calls["list"]; got != calls {
			t.Errorf("got %d calls after %d pages", got, calls)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ids (-want +got):\n%s", diff)
	}
}

func TestNextAfterAnErrorAsksForTheSamePage(t *testing.T) {
	user, want := userWith(2)
	sim := suncotest.New(suncotest.Config{World: suncotest.World{Users: []suncotest.User{user}}})
	pages := serve(t, sim).Pages("u", sunco.ListQuery{PageSize: 1})
	var got []string
	for _, knobs := range []suncotest.Knobs{{}, {Share503: 1}, {HalfAnswer: 1}, {}} {
		sim.SetKnobs(knobs)
		clients, err := pages.Next(t.Context())
		if failed := knobs != (suncotest.Knobs{}); failed != (err != nil) {
			t.Fatalf("got error %v with knobs %+v", err, knobs)
		}
		for _, c := range clients {
			got = append(got, c.ID)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" || pages.More() {
		t.Errorf("more %v, ids (-want +got):\n%s", pages.More(), diff)
	}
}

// TestListPagesThatAreOdd serves pages in turn; HERE stands for the server's own URL.
func TestListPagesThatAreOdd(t *testing.T) {
	tests := []struct {
		name  string
		pages []string
		want  []string
		err   string
	}{
		{"page overlaps", []string{
			`{"clients":[{"id":"a"},{"id":"b"}],"meta":{"afterCursor":"x"}}`,
			`{"clients":[{"id":"b"},{"id":"c"}]}`}, []string{"a", "b", "c"}, ""},
		{"no ids", []string{`{"clients":[{},{}]}`}, []string{"", ""}, ""},
		{"link without meta", []string{`{"clients":[{"id":"a"}],"links":{"next":"HERE/p2"}}`, `{"clients":[{"id":"b"}]}`}, []string{"a", "b"}, ""},
		{"relative link", []string{`{"clients":[],"links":{"next":"/p2"}}`, `{"clients":[{"id":"b"}]}`}, []string{"b"}, ""},
		{"no more in spite of a cursor", []string{`{"clients":[],"meta":{"hasMore":false,"afterCursor":"x"}}`}, nil, ""},
		{"meta is null", []string{`{"clients":[{"id":"a"}],"meta":null,"links":null}`}, []string{"a"}, ""},
		{"cursor in a circle", []string{
			`{"clients":[{"id":"a"}],"meta":{"afterCursor":"x"}}`, `{"clients":[],"meta":{"afterCursor":"y"}}`,
			`{"clients":[],"meta":{"afterCursor":"x"}}`}, []string{"a"}, "circle"},
		{"link in a circle", []string{
			`{"clients":[],"links":{"next":"HERE/p2"}}`, `{"clients":[],"links":{"next":"HERE/p2"}}`}, nil, "circle"},
		{"more without a cursor", []string{`{"clients":[{"id":"a"}],"meta":{"hasMore":true}}`}, []string{"a"}, "without a cursor"},
		{"link to another host", []string{`{"clients":[{"id":"a"}],"links":{"next":"http://evil.test/p2"}}`}, []string{"a"}, "another host"},
		{"link to another port", []string{`{"clients":[],"links":{"next":"http://127.0.0.1:1/p2"}}`}, nil, "another host"},
		{"link with another scheme", []string{`{"clients":[],"links":{"next":"https:HERE"}}`}, nil, "another host"},
		{"link without a scheme", []string{`{"clients":[],"links":{"next":"//evil.test/p2"}}`}, nil, "another host"},
		{"link with a user", []string{`{"clients":[],"links":{"next":"http://u:p@HOST/p2"}}`}, nil, "another host"},
		{"link is no URL", []string{`{"clients":[],"links":{"next":"http://[::"}}`}, nil, "not a URL"},
		{"no clients", []string{`{}`}, nil, "clients were expected"},
		{"clients are null", []string{`{"clients":null}`}, nil, "clients were expected"},
		{"a client is null", []string{`{"clients":[null]}`}, nil, "clients were expected"},
		{"HTML", []string{`<html><title>Log in</title></html>`}, nil, "unreadable body"},
		{"nothing", []string{``}, nil, "unreadable body"},
		{"half", []string{`{"clients":[{"id":"a"}`}, nil, "unreadable body"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var calls atomic.Int64
			api := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				n := min(int(calls.Add(1)), len(test.pages))
				body := strings.NewReplacer("HERE", "http://"+r.Host, "HOST", r.Host).Replace(test.pages[n-1])
				answer(http.StatusOK, "application/json", body)(w, r)
			}))
			got, err := list(t.Context(), api, "u", sunco.ListQuery{})
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("ids (-want +got):\n%s", diff)
			}
			if test.err == "" && err != nil || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
				t.Errorf("got error %v, want %q", err, test.err)
			}
			if got := int(calls.Load()); got != len(test.pages) {
				t.Errorf("got %d calls, want %d", got, len(test.pages))
			}
			if err != nil {
				if e := asError(t, err); e.Status != http.StatusOK || !e.Sent {
					t.Errorf("got %+v, want Status 200 and Sent", *e)
				}
			}
		})
	}
}

// Lists that never end, each in its own way: they do, and are not asked for again.
func TestListThatNeverEnds(t *testing.T) {
	big := strings.Repeat("x", 100_000)
	for name, test := range map[string]struct {
		clients func(page int64) string
		want    string
		most    int64 // calls
	}{
		"nothing new":      {func(int64) string { return "" }, "5 pages without a new client", 5},
		"the same ones":    {func(int64) string { return `{"id":"a"},{"id":"b"}` }, "5 pages without a new client", 6},
		"one at a time":    {func(n int64) string { return fmt.Sprintf(`{"id":"%d"}`, n) }, "more than 1000 pages", 1000},
		"without ids":      {func(int64) string { return strings.TrimSuffix(strings.Repeat("{},", 100), ",") }, "10100 clients", 101},
		"large ones":       {func(n int64) string { return fmt.Sprintf(`{"id":"%d","raw":"%s"}`, n, big) }, "bytes", 21},
		"more than a page": {func(int64) string { return strings.TrimSuffix(strings.Repeat("{},", 101), ",") }, "more than 100 clients", 1},
		"60,000 in a page": {func(int64) string { return strings.TrimSuffix(strings.Repeat("{},", 60_000), ",") }, "more than 100 clients", 1},
		"more than 2 MB":   {func(int64) string { return `{"id":"` + strings.Repeat(big, 50) + `"}` }, "more than 2 MB", 1},
		"deep down a value": {func(int64) string {
			return `{"id":"a","raw":` + strings.Repeat("[", 200_000) + strings.Repeat("]", 200_000) + "}"
		}, "clients were expected", 1},
	} {
		t.Run(name, func(t *testing.T) {
			var calls atomic.Int64
			api := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				n := calls.Add(1)
				body := fmt.Sprintf(`{"clients":[%s],"meta":{"hasMore":true,"afterCursor":"%024d"}}`, test.clients(n), n)
				answer(http.StatusOK, "application/json", body)(w, r)
			}))
			_, err := list(t.Context(), api, "u", sunco.ListQuery{})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want one about %s", err, test.want)
			}
			if got := calls.Load(); got > test.most {
				t.Errorf("got %d calls, want %d at most", got, test.most)
			}
			if name != "deep down a value" && !errors.Is(err, sunco.ErrTooLarge) {
				t.Errorf("got %v, want one that wraps ErrTooLarge", err)
			}
		})
	}
}

// What many hostile answers at once take is bounded, however they are compressed (I6).
func TestI6HostileAnswers(t *testing.T) {
	if raced {
		t.Skip("takes minutes with the race detector; make test runs it without")
	}
	page := []byte(`{"clients":[` + strings.TrimSuffix(strings.Repeat(`{"id":"a","type":"whatsapp","displayName":"`+strings.Repeat("n", 60)+`"},`, 60_000), ",") + `]}`)
	full := []byte(`{"clients":[` + strings.Repeat(`{"raw":"`+strings.Repeat("x", 19_000)+`"},`, 99) + `{}]}`)
	escapes := []byte(`{"clients":[{"id":"` + strings.Repeat(`\u0041`, 300_000) + `"}]}`)
	spaces := bytes.Repeat([]byte(" "), 100_000_000)
	for name, whole := range map[string][]byte{
		"plain":       whole("200 OK", "identity", page),
		"gzip":        whole("200 OK", "gzip", pack(t, "gzip", page)),
		"deflate":     whole("200 OK", "deflate", pack(t, "deflate", page)),
		"gzip bomb":   whole("200 OK", "gzip", pack(t, "gzip", spaces)),
		"error bomb":  whole("400 No", "gzip", pack(t, "gzip", spaces)),
		"header":      []byte("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("h", 5_000_000) + "\r\nContent-Length: 0\r\n\r\n"),
		"headers":     []byte("HTTP/1.1 200 OK\r\n" + strings.Repeat("X: h\r\n", 500_000) + "Content-Length: 0\r\n\r\n"),
		"1xx":         []byte(strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 100_000)),
		"full pages":  whole("200 OK", "identity", full),
		"long string": whole("200 OK", "identity", escapes),
	} {
		t.Run(name, func(t *testing.T) {
			base := speak(t, func(_ int, in *bufio.Reader, conn net.Conn) {
				for hear(in) {
					if _, err := conn.Write(whole); err != nil {
						return
					}
				}
			})
			api := newAPI(t, sunco.Config{BaseURL: base})
			most := heapOf(func() {
				var calls sync.WaitGroup
				for range 64 { // as many as a worker makes at once
					calls.Go(func() {
						_, _ = api.Pages("u", sunco.ListQuery{Timeout: time.Minute}).Next(t.Context())
						_ = api.Remove(t.Context(), "u", "c", sunco.Query{Timeout: time.Minute})
					})
				}
				calls.Wait()
			})
			t.Logf("64 calls: heap at most %d MB more", most>>20)
			if most > 200<<20 {
				t.Errorf("heap grew by %d MB", most>>20)
			}
		})
	}
}

func whole(status, encoding string, body []byte) []byte {
	return append(fmt.Appendf(nil, "HTTP/1.1 %s\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n", status, encoding, len(body)), body...)
}

// heapOf returns by how much the heap grew at most while do ran. The server's part is in it.
func heapOf(do func()) uint64 {
	runtime.GC()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	done := make(chan struct{})
	go func() { do(); close(done) }()
	var most uint64
	for {
		runtime.ReadMemStats(&now)
		most = max(most, now.HeapAlloc)
		select {
		case <-done:
			return most - min(most, before.HeapAlloc)
		case <-time.After(time.Millisecond):
		}
	}
}

func pack(t *testing.T, encoding string, body []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	var z io.WriteCloser
	switch encoding {
	case "gzip", "x-gzip":
		z = gzip.NewWriter(&out)
	case "deflate":
		z = zlib.NewWriter(&out)
	case "raw":
		z, _ = flate.NewWriter(&out, flate.BestSpeed)
	default:
		return body
	}
	_, err := z.Write(body)
	if err := errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// Compression is not asked for, and what comes compressed all the same is read, also of errors; what cannot be is said.
func TestCompressedAnswers(t *testing.T) {
	transports := map[string]http.RoundTripper{"own": nil, "net/http": &http.Transport{}}
	for name, transport := range transports {
		for _, encoding := range []string{"", "identity", "gzip", "x-gzip", "GZIP", "deflate", "raw", "br", "zstd", "gzip, gzip", "broken"} {
			t.Run(name+", "+encoding, func(t *testing.T) {
				send := func(w http.ResponseWriter, status int, body string) {
					packed, header := pack(t, strings.ToLower(encoding), []byte(body)), encoding
					switch encoding {
					case "raw":
						header = "deflate"
					case "broken":
						packed, header = []byte("\x1f\x8bno"), "gzip"
					}
					w.Header().Set("Content-Encoding", header)
					w.WriteHeader(status)
					_, _ = w.Write(packed)
				}
				handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if got := r.Header.Get("Accept-Encoding"); got != "identity" {
						t.Errorf("got Accept-Encoding %q, want identity", got)
					}
					if r.Method == http.MethodDelete {
						send(w, http.StatusNotFound, `{"errors":[{"code":"client_not_found","title":"Gone"}]}`)
						return
					}
					send(w, http.StatusOK, `{"clients":[{"id":"a"}]}`)
				})
				server := httptest.NewServer(handler)
				defer server.Close()
				api := newAPI(t, sunco.Config{BaseURL: server.URL, Transport: transport})
				got, err := list(t.Context(), api, "u", sunco.ListQuery{})
				refused := asError(t, api.Remove(t.Context(), "u", "c", sunco.Query{}))
				switch encoding {
				case "br", "zstd", "gzip, gzip", "broken":
					if e := asError(t, err); e.Status != http.StatusOK || !e.Sent || !strings.Contains(e.Title, "unreadable") {
						t.Errorf("list: got %+v, want an unreadable answer", e)
					}
					if refused.Status != http.StatusNotFound || refused.Err == nil {
						t.Errorf("remove: got %+v, want a 404 whose reason could not be read", refused)
					}
				default:
					if err != nil || len(got) != 1 {
						t.Errorf("list: got %v and %v, want a client", got, err)
					}
					if refused.Code != "client_not_found" {
						t.Errorf("remove: got %+v, want client_not_found", refused)
					}
				}
			})
		}
	}
}
