package sunco_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/sunco"
)

// TestEachCallGetsItsOwnAnswer: an answer that went to another call would give a row the outcome of another user's. The
// server names the user of the request in its answer; it closes connections, and callers give up, at any moment.
func TestEachCallGetsItsOwnAnswer(t *testing.T) {
	const callers, calls = 32, 200
	base := speak(t, func(_ int, in *bufio.Reader, conn net.Conn) {
		for {
			req, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			body := fmt.Sprintf(`{"clients":[{"id":%q}]}`, strings.Split(req.URL.Path, "/")[5])
			text := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
			cut := false
			switch rand.N(20) {
			case 0:
				return
			case 1:
				text, cut = text[:rand.N(len(text))], true
			case 2, 3:
				time.Sleep(rand.N(3 * time.Millisecond))
			}
			if _, err := io.WriteString(conn, text); err != nil || cut {
				return
			}
		}
	})
	api := newAPI(t, sunco.Config{BaseURL: base})
	var answered atomic.Int64
	var all sync.WaitGroup
	for caller := range callers {
		all.Go(func() {
			for n := range calls {
				user := fmt.Sprintf("user-%d-%d", caller, n)
				patience := time.Minute
				if rand.N(10) == 0 {
					patience = rand.N(5 * time.Millisecond)
				}
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				for c, err := range api.List(ctx, user, sunco.ListQuery{}) {
					if err != nil {
						break
					}
					answered.Add(1)
					if c.ID != user {
						t.Errorf("%s got the answer for %s", user, c.ID)
					}
				}
				cancel()
			}
		})
	}
	all.Wait()
	if answered.Load() < callers*calls/4 {
		t.Errorf("only %d of %d calls were answered", answered.Load(), callers*calls)
	}
}
