package sunco_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/sunbulk/sunbulk/sunco"
)

// speak starts a server that has talk speak on each connection, the nth from 1, and returns its URL.
func speak(t *testing.T, talk func(n int, in *bufio.Reader, conn net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(context.Background())
	var talks sync.WaitGroup
	t.Cleanup(func() { l.Close(); end(); talks.Wait() })
	talks.Go(func() {
		for n := 1; ; n++ {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			context.AfterFunc(ctx, func() { conn.Close() })
			talks.Go(func() {
				defer conn.Close()
				talk(n, bufio.NewReader(conn), conn)
			})
		}
	})
	return "http://" + l.Addr().String()
}

// hear reads one request to its end; false means that there is none.
func hear(in *bufio.Reader) bool {
	req, err := http.ReadRequest(in)
	if err != nil {
		return false
	}
	_, err = io.Copy(io.Discard, req.Body)
	return err == nil
}

// answering starts a server that answers every request with the text, and counts its connections.
func answering(t *testing.T, text string) (base string, connections *atomic.Int64) {
	t.Helper()
	connections = new(atomic.Int64)
	base = speak(t, func(_ int, in *bufio.Reader, conn net.Conn) {
		connections.Add(1)
		for hear(in) {
			_, _ = io.WriteString(conn, text)
		}
	})
	return base, connections
}

func remove(t *testing.T, api *sunco.API) error {
	t.Helper()
	return api.Remove(t.Context(), "u", "c", sunco.Query{})
}

const fine = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

func TestAnswersAreReadAsNetHTTPReadsThem(t *testing.T) {
	refused := `{"errors":[{"code":"bad_request","title":"No"}]}`
	answers := map[string]string{
		"length":                fine,
		"chunks":                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n",
		"chunks and trailer":    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n2\r\n{}\r\n0\r\nX: 1\r\n\r\n",
		"broken chunk":          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n{}",
		"to the end":            "HTTP/1.1 200 OK\r\n\r\n{}",
		"HTTP/1.0":              "HTTP/1.0 200 OK\r\n\r\n{}",
		"no body":               "HTTP/1.1 204 No Content\r\n\r\n",
		"refusal":               fmt.Sprintf("HTTP/1.1 400 Bad Request\r\nContent-Length: %d\r\n\r\n%s", len(refused), refused),
		"half a body":           "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{}",
		"half a header":         "HTTP/1.1 200 OK\r\nContent-Le",
		"nothing":               "",
		"no HTTP":               "220 smtp.example.test ESMTP\r\n",
		"line feeds alone":      "HTTP/1.1 200 OK\nContent-Length: 2\n\n{}",
		"two lengths":           "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
		"length is no number":   "HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n{}",
		"continue first":        "HTTP/1.1 100 Continue\r\n\r\n" + fine,
		"early hints first":     "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + fine,
		"throttled":             "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n",
		"status without reason": "HTTP/1.1 503\r\nContent-Length: 0\r\n\r\n",
	}
	for name, text := range answers {
		t.Run(name, func(t *testing.T) {
			base := speak(t, func(_ int, in *bufio.Reader, conn net.Conn) {
				if hear(in) {
					_, _ = io.WriteString(conn, text)
				}
			})
			got := remove(t, newAPI(t, sunco.Config{BaseURL: base}))
			want := remove(t, newAPI(t, sunco.Config{BaseURL: base, Transport: &http.Transport{DisableKeepAlives: true}}))
			if (got == nil) != (want == nil) {
				t.Fatalf("got error %v, net/http %v", got, want)
			}
			if want == nil {
				return
			}
			if diff := cmp.Diff(asError(t, want), asError(t, got), cmpopts.IgnoreFields(sunco.Error{}, "Err", "Title")); diff != "" {
				t.Errorf("error (-net/http +got):\n%s", diff)
			}
		})
	}
}

// rest is enough for what one end has done to reach the other one.
func rest() { time.Sleep(5 * time.Millisecond) }

// TestI2ClosedConnectionIsNotUsed: a create on a connection that the server has closed meanwhile would be in doubt.
func TestI2ClosedConnectionIsNotUsed(t *testing.T) {
	closed := make(chan struct{}, 1)
	api := newAPI(t, sunco.Config{BaseURL: speak(t, func(_ int, in *bufio.Reader, conn net.Conn) {
		if hear(in) {
			_, _ = io.WriteString(conn, fine)
		}
		conn.Close()
		closed <- struct{}{}
	})})
	for range 5 {
		if err := remove(t, api); err != nil {
			t.Fatal(err)
		}
		<-closed
		rest()
	}
}

// TestUnaskedAnswerIsGivenToNobody: proxies say 408 on idle connections, and broken servers say more than they announce.
func TestUnaskedAnswerIsGivenToNobody(t *testing.T) {
	const unasked = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
	at := func(pause func()) func(net.Conn) {
		return func(conn net.Conn) {
			_, _ = io.WriteString(conn, fine)
			pause()
			_, _ = io.WriteString(conn, unasked)
		}
	}
	tests := []struct {
		name string
		talk func(net.Conn)
		wait func()
	}{
		{"with the answer", func(conn net.Conn) { _, _ = io.WriteString(conn, fine+unasked) }, func() {}},
		{"at once", at(func() {}), rest},
		{"later", at(rest), rest},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			said := make(chan struct{}, 1)
			api := newAPI(t, sunco.Config{BaseURL: speak(t, func(_ int, in *bufio.Reader, conn net.Conn) {
				for hear(in) {
					test.talk(conn)
					said <- struct{}{}
				}
			})})
			for range 3 {
				if err := remove(t, api); err != nil {
					t.Fatal(err)
				}
				<-said
				test.wait()
			}
		})
	}
}

// TestConnectionThatEndsIsNotKept: the server has said so, or what follows on it could not be distinguished from the rest of the answer.
func TestConnectionThatEndsIsNotKept(t *testing.T) {
	for name, text := range map[string]string{
		"close":     "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
		"HTTP/1.0":  "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}",
		"too large": "HTTP/1.1 200 OK\r\nContent-Length: 11000000\r\n\r\n" + strings.Repeat(" ", 11_000_000),
	} {
		t.Run(name, func(t *testing.T) {
			base, connections := answering(t, text)
			api := newAPI(t, sunco.Config{BaseURL: base})
			for range 3 {
				_ = remove(t, api)
			}
			if got := connections.Load(); got != 3 {
				t.Errorf("got %d connections for 3 calls, want 3", got)
			}
		})
	}
}

func TestAnswerWithoutEndIsGivenUp(t *testing.T) {
	endless := map[string]func(conn net.Conn) error{
		"header": func(conn net.Conn) error {
			_, err := io.WriteString(conn, "X-A: "+strings.Repeat("a", 1000)+"\r\n")
			return err
		},
		"hints": func(conn net.Conn) error {
			_, err := io.WriteString(conn, "\r\nHTTP/1.1 103 Early Hints\r\n")
			return err
		},
		"refusal": func(conn net.Conn) error {
			_, err := io.WriteString(conn, "Content-Length: 99999999999\r\n\r\n"+strings.Repeat("x", 100_000))
			return err
		},
	}
	for name, goOn := range endless {
		t.Run(name, func(t *testing.T) {
			api := newAPI(t, sunco.Config{BaseURL: speak(t, func(_ int, in *bufio.Reader, conn net.Conn) {
				if !hear(in) {
					return
				}
				_, err := io.WriteString(conn, "HTTP/1.1 503 Service Unavailable\r\n")
				for err == nil {
					err = goOn(conn)
				}
			})})
			if got := asError(t, remove(t, api)); !got.Sent {
				t.Errorf("got %+v, want it Sent", *got)
			}
		})
	}
}

func TestEndOfContextCutsABody(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	reason := errors.New("the worker stops")
	api := newAPI(t, sunco.Config{BaseURL: speak(t, func(n int, in *bufio.Reader, conn net.Conn) {
		hear(in)
		if n == 1 {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{}")
			rest() // until the client has read the header
			cancel(reason)
			hear(in) // until the client closes
			return
		}
		_, _ = io.WriteString(conn, fine)
	})})
	got := asError(t, api.Remove(ctx, "u", "c", sunco.Query{}))
	if got.Status != http.StatusOK || !errors.Is(got, reason) {
		t.Errorf("got %+v, want Status 200 and the cause of the context", *got)
	}
	if err := remove(t, api); err != nil {
		t.Errorf("the call after it: %v", err)
	}
}
