package webhook

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
)

// post calls a receiver with a key and a body.
func post(t *testing.T, r *Receiver, key string, body io.Reader) int {
	t.Helper()
	q := httptest.NewRequest(http.MethodPost, "/", body)
	q.Header.Set("X-API-Key", key)
	w := httptest.NewRecorder()
	r.ServeHTTP(w, q)
	return w.Code
}

const knownApp = "5e4af71a81966cfff3ef6550"

func TestReceiverKeepsWhatIsGoodAndRefusesTheRest(t *testing.T) {
	var kept []Event
	var down error
	r := NewReceiver([]string{"secret", "older"}, []string{knownApp}, func(_ context.Context, app string, events []Event) error {
		if app != knownApp {
			t.Errorf("kept for %q", app)
		}
		if down == nil {
			kept = append(kept, events...)
		}
		return down
	}, slog.New(slog.DiscardHandler))
	good := fmt.Sprintf(envelope, v2("client:update", `{`+client+`,"reason":"confirmed"}`)+","+v2("conversation:read", `{}`))
	for name, c := range map[string]struct {
		key    string
		body   io.Reader
		down   error
		status int
		kept   int
	}{
		"good":             {"secret", strings.NewReader(good), nil, 200, 1},
		"the other secret": {"older", strings.NewReader(good), nil, 200, 1},
		"nothing to keep":  {"secret", strings.NewReader(fmt.Sprintf(envelope, v2("conversation:read", `{}`))), nil, 200, 0},
		"wrong key":        {"secreT", strings.NewReader(good), nil, 401, 0},
		"no key":           {"", strings.NewReader(good), nil, 401, 0},
		"another app":      {"secret", strings.NewReader(strings.Replace(good, knownApp, "other", 1)), nil, 403, 0},
		"no app":           {"secret", strings.NewReader(v2("client:update", `{`+client+`,"reason":"confirmed"}`)), nil, 403, 0},
		"not JSON":         {"secret", strings.NewReader("<xml>"), nil, 400, 0},
		"no events":        {"secret", strings.NewReader("{}"), nil, 400, 0},
		"100 MB":           {"secret", io.LimitReader(endless{}, 100<<20), nil, 413, 0},
		"breaks off":       {"secret", io.MultiReader(strings.NewReader(good[:20]), iotest.ErrReader(io.ErrUnexpectedEOF)), nil, 503, 0},
		"Redis away":       {"secret", strings.NewReader(good), errors.New("no answer"), 503, 0},
	} {
		kept, down = nil, c.down
		if status := post(t, r, c.key, c.body); status != c.status || len(kept) != c.kept {
			t.Errorf("%s: got %d and kept %d, want %d and %d", name, status, len(kept), c.status, c.kept)
		}
	}
	w := httptest.NewRecorder()
	if r.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil)); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("GET: got %d", w.Code)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// I6: senders that hold their bodies back do not pile up, and others are asked to come again.
func TestReceiverTakesAFewBodiesAtATimeI6(t *testing.T) {
	r := NewReceiver([]string{"s"}, []string{knownApp}, func(context.Context, string, []Event) error { return nil }, slog.New(slog.DiscardHandler))
	slow := make([]*io.PipeWriter, mostBodies)
	done := make(chan int, mostBodies)
	for i := range slow {
		body, w := io.Pipe()
		slow[i] = w
		go func() { done <- post(t, r, "s", body) }()
		if _, err := w.Write([]byte("{")); err != nil {
			t.Fatal(err)
		}
	}
	if status := post(t, r, "s", strings.NewReader("{}")); status != 503 {
		t.Errorf("got %d, want 503", status)
	}
	for _, w := range slow {
		w.CloseWithError(io.ErrUnexpectedEOF)
	}
	for range slow {
		if status := <-done; status != 503 {
			t.Errorf("got %d for a body that broke off", status)
		}
	}
}
