package sunco_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/sunco"
)

// A connection is used again when the time of its last call would have been over.
func TestTimeoutEndsWithItsCall(t *testing.T) {
	base, connections := answering(t, fine)
	api := newAPI(t, sunco.Config{BaseURL: base})
	for range 3 {
		if err := api.Remove(t.Context(), "u", "c", sunco.Query{Timeout: 500 * time.Millisecond}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(600 * time.Millisecond)
	}
	if got := connections.Load(); got != 1 {
		t.Errorf("got %d connections, want 1", got)
	}
}

// A call's timeout ends it wherever it waits, and the connection is not used again; the next call has a time of its own.
func TestTimeoutEndsACall(t *testing.T) {
	stalls := map[string]func(conn net.Conn){
		"before the answer": func(net.Conn) {},
		"in the header":     func(conn net.Conn) { _, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-") },
		"in the body":       func(conn net.Conn) { _, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{}") },
	}
	for name, stall := range stalls {
		for transport, through := range map[string]http.RoundTripper{"own": nil, "net/http": &http.Transport{}} {
			t.Run(name+", "+transport, func(t *testing.T) {
				api := newAPI(t, sunco.Config{Transport: through, BaseURL: speak(t, func(n int, in *bufio.Reader, conn net.Conn) {
					for call := 0; hear(in); call++ {
						if n == 1 && call == 1 {
							stall(conn)
							hear(in) // until the client closes
							return
						}
						_, _ = io.WriteString(conn, fine)
					}
				})})
				remove := func(timeout time.Duration) error {
					return api.Remove(t.Context(), "u", "c", sunco.Query{Timeout: timeout})
				}
				if err := remove(time.Minute); err != nil {
					t.Fatal(err)
				}
				got := asError(t, remove(20*time.Millisecond))
				if !got.Sent || !strings.HasSuffix(got.Title, "timed out") || !errors.Is(got, context.DeadlineExceeded) {
					t.Errorf("got %+v, want Sent, timed out", *got)
				}
				for range 2 {
					if err := remove(time.Minute); err != nil {
						t.Errorf("the call after it: %v", err)
					}
					time.Sleep(20 * time.Millisecond)
				}
			})
		}
	}
}
