package service_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/sunbulk/sunbulk/internal/webhook"
)

// A payload that somebody sends again and again, at several receivers at once, is kept once.
func TestReplayedEventsAreKeptOnce(t *testing.T) {
	b := newBench(t)
	payload := fmt.Appendf(nil, `{"app":{"id":%q},"events":[
		{"id":"1","type":"client:update","createdAt":"2026-11-22T15:31:00.000Z","payload":{"client":{"id":"a","type":"twilio"},"reason":"confirmed"}},
		{"id":"1","type":"client:remove","createdAt":"2026-11-22T15:32:00.000Z","payload":{"client":{"id":"a","type":"twilio"},"reason":"theft"}}]}`, app)
	var senders sync.WaitGroup
	for range 4 {
		r := webhook.NewReceiver([]string{"secret"}, []string{app}, b.KeepEvents, slog.New(slog.DiscardHandler))
		senders.Go(func() {
			for range 50 {
				q := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(payload))
				q.Header.Set("X-API-Key", "secret")
				w := httptest.NewRecorder()
				if r.ServeHTTP(w, q); w.Code != http.StatusOK {
					t.Errorf("got %d", w.Code)
				}
			}
		})
	}
	senders.Wait()
	if n, err := b.Redis().XLen(t.Context(), "sunbulk:events:{"+app+"}").Result(); err != nil || n != 2 {
		t.Errorf("%d events are kept, want 2 (%v)", n, err)
	}
}
