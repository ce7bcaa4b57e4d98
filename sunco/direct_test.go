package sunco

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestIdleConnectionsAreClosed: each after its own time, and no sooner.
func TestIdleConnectionsAreClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &direct{}
		var closed [3]time.Duration
		start := time.Now()
		for i := range closed {
			ours, server := net.Pipe()
			go func() {
				_, _ = server.Read(make([]byte, 1))
				closed[i] = time.Since(start)
			}()
			d.keep(newConn(ours, d.keep))
			time.Sleep(10 * time.Second)
			synctest.Wait()
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if want := [3]time.Duration{30 * time.Second, 40 * time.Second, 50 * time.Second}; closed != want {
			t.Errorf("got connections closed after %v, want after 30 s, 40 s and 50 s", closed)
		}
		if d.sweeping || d.takeIdle() != nil {
			t.Error("something is left of them")
		}
	})
}

// TestTLSConnectionsAreUsedAgain: a look at an idle connection must not break its encryption.
func TestTLSConnectionsAreUsedAgain(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(r.URL.Path))
	}))
	server.TLS = &tls.Config{MinVersion: tls.VersionTLS13, NextProtos: []string{"h2", "http/1.1"}}
	connections := 0
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections++
		}
	}
	server.StartTLS()
	defer server.Close()
	base, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	d := newDirect(base, "test")
	d.tls.RootCAs = x509.NewCertPool()
	d.tls.RootCAs.AddCert(server.Certificate())
	get := func() {
		t.Helper()
		res, _, err := d.send(t.Context(), request{call: call{method: http.MethodGet, target: "/path"}})
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if string(body) != "/path" || res.ProtoMajor != 1 || err != nil {
			t.Errorf("got %q by %s, error %v, want /path by HTTP/1.1", body, res.Proto, err)
		}
	}
	for range 3 {
		get()
		time.Sleep(5 * time.Millisecond)
	}
	if connections != 1 {
		t.Errorf("got %d connections, want 1", connections)
	}
	server.CloseClientConnections()
	time.Sleep(5 * time.Millisecond)
	get()
}

func TestDialEndsWithItsContext(t *testing.T) {
	base := &url.URL{Scheme: "http", Host: "192.0.2.1"} // a network for documentation: nobody answers
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(http.ErrServerClosed)
	if _, err := newDirect(base, "test").dial(ctx, time.Time{}); !errors.Is(err, http.ErrServerClosed) {
		t.Errorf("got %v, want the cause of the context", err)
	}
}

// TestContextThatEndsLateSpoilsNoConnection: it has set a deadline on the connection.
func TestContextThatEndsLateSpoilsNoConnection(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	base, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	d := newDirect(base, "test")
	ctx, cancel := context.WithCancel(t.Context())
	res, _, err := d.send(ctx, request{call: call{method: http.MethodGet, target: "/"}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(io.Discard, res.Body)
	cancel()
	if res.Body.Close(); err != nil || d.takeIdle() != nil {
		t.Errorf("got error %v, and a connection kept that has a deadline", err)
	}
}

// A connection is kept though the context of its last exchange ends later, and is not used any more.
func TestContextThatEndsLaterSpoilsNoExchange(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") }))
	defer server.Close()
	base, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	d := newDirect(base, "test")
	for range 200 {
		ctx, cancel := context.WithCancel(t.Context())
		res, _, err := d.send(ctx, request{call: call{method: http.MethodGet, target: "/"}})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := new(API).readBody(ctx, res); err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		cancel()
	}
}

// TestRequestsAreWrittenAsNetHTTPWritesThem: to a server they are the same.
func TestRequestsAreWrittenAsNetHTTPWritesThem(t *testing.T) {
	body := []byte(`{"a":"é"}`)
	for _, host := range []string{"http://host.test/sc", "https://host.test:8443", "http://[::1]:80", "http://[fe80::1%25eth0]:8080", "https://127.0.0.1"} {
		for _, c := range []call{
			{method: http.MethodGet, target: "/sc/v2/apps/a/users/%2E%2E/clients?page[size]=100"},
			{method: http.MethodPost, target: "/v2/apps/a/users/u%2F1/clients?brandId=b%261", body: body},
			{method: http.MethodPost, target: "//v2", body: body},
			{method: http.MethodDelete, target: "/v2/apps/a/users/%C3%A9%20%25/clients/c%3F1"},
		} {
			base, err := url.Parse(host)
			if err != nil {
				t.Fatal(err)
			}
			r := request{call: c, authorization: "Bearer token"}
			theirs, err := r.http(t.Context(), base, "agent/1 (+é)")
			if err != nil {
				t.Fatal(err)
			}
			var written bytes.Buffer
			if err := theirs.Write(&written); err != nil {
				t.Fatal(err)
			}
			ours := newDirect(base, "agent/1 (+é)").appendRequest(nil, r)
			if diff := cmp.Diff(parsed(t, written.Bytes()), parsed(t, ours)); diff != "" {
				t.Errorf("%s %s (-net/http +ours):\n%s", host, c.target, diff)
			}
		}
	}
}

func parsed(t *testing.T, written []byte) map[string]any {
	t.Helper()
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(written)))
	if err != nil {
		t.Fatalf("%q: %v", written, err)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]any{"method": r.Method, "target": r.RequestURI, "host": r.Host, "header": r.Header, "length": r.ContentLength, "body": string(body)}
}
