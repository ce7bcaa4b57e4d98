package sunco

import (
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
	d := newDirect(base)
	d.tls.RootCAs = x509.NewCertPool()
	d.tls.RootCAs.AddCert(server.Certificate())
	call := func() {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/path", nil)
		if err != nil {
			t.Fatal(err)
		}
		res, _, err := d.send(req)
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
		call()
		time.Sleep(5 * time.Millisecond)
	}
	if connections != 1 {
		t.Errorf("got %d connections, want 1", connections)
	}
	server.CloseClientConnections()
	time.Sleep(5 * time.Millisecond)
	call()
}

func TestDialEndsWithItsContext(t *testing.T) {
	base := &url.URL{Scheme: "http", Host: "192.0.2.1"} // a network for documentation: nobody answers
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(http.ErrServerClosed)
	if _, err := newDirect(base).dial(ctx); !errors.Is(err, http.ErrServerClosed) {
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
	d := newDirect(base)
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, _, err := d.send(req)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(io.Discard, res.Body)
	cancel()
	if res.Body.Close(); err != nil || d.takeIdle() != nil {
		t.Errorf("got error %v, and a connection kept that has a deadline", err)
	}
}
