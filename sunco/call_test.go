package sunco_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/sunbulk/sunbulk/sunco"
)

// TestI2UnreadableAnswerTellsItsStatus: the work was done, so the caller must not take the create for lost.
func TestI2UnreadableAnswerTellsItsStatus(t *testing.T) {
	half := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write([]byte(`{"client":`))
	}
	huge := func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusCreated)
		chunk := []byte(strings.Repeat(" ", 1_000_000))
		for range 11 {
			_, _ = w.Write(chunk)
		}
	}
	tests := map[string]http.HandlerFunc{
		"HTML":         answer(http.StatusCreated, "text/html", "<html>"),
		"empty":        answer(http.StatusCreated, "application/json", ""),
		"half":         half,
		"no client":    answer(http.StatusCreated, "application/json", "{}"),
		"null client":  answer(http.StatusCreated, "application/json", `{"client":null}`),
		"other client": answer(http.StatusCreated, "application/json", `{"client":[]}`),
		"huge":         huge,
	}
	for name, handler := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := serve(t, handler).Create(t.Context(), "u", sunco.ClientCreate{}, sunco.Query{})
			got := asError(t, err)
			if got.Status != http.StatusCreated || !got.Sent || !strings.Contains(got.Title, "unreadable body") {
				t.Errorf("got %+v, want Status 201, Sent, unreadable body", *got)
			}
			if name == "half" && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("got cause %v, want %v", got.Err, io.ErrUnexpectedEOF)
			}
		})
	}
}

func TestRemoveTakesNoLoginPageForARemoval(t *testing.T) {
	tests := map[string]bool{"": true, "{}": true, " {} \n": true, "<html>Log in</html>": false}
	for body, want := range tests {
		err := serve(t, answer(http.StatusOK, "text/html", body)).Remove(t.Context(), "u", "c", sunco.Query{})
		if got := err == nil; got != want {
			t.Errorf("body %q: got error %v, want success %v", body, err, want)
		}
	}
}

func TestAppWantsAnApp(t *testing.T) {
	tests := map[string]bool{`{"app":{"id":"app1"}}`: true, `{"app":{}}`: true, `{}`: false, `{"app":null}`: false, "": false, "<p>": false}
	for body, want := range tests {
		err := serve(t, answer(http.StatusOK, "application/json", body)).App(t.Context())
		if got := err == nil; got != want {
			t.Errorf("body %q: got error %v, want success %v", body, err, want)
		}
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("another host got a request with Authorization %q", r.Header.Get("Authorization"))
	}))
	defer other.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		server := httptest.NewServer(http.RedirectHandler(other.URL+"/ann", status))
		_, err := newAPI(t, sunco.Config{BaseURL: server.URL}).Create(t.Context(), "ann", sunco.ClientCreate{}, sunco.Query{})
		got := asError(t, err)
		if got.Status != status || !strings.Contains(got.Title, "hint: check the base URL") || strings.Contains(got.Error(), "ann") {
			t.Errorf("got %+v, want Status %d and a hint", *got, status)
		}
		server.Close()
	}
}

// TestI2CreateIsNeverReplayed: transports replay requests on broken connections where they can.
func TestI2CreateIsNeverReplayed(t *testing.T) {
	calls := 0
	transport := roundTrip(func(r *http.Request) (*http.Response, error) {
		if calls++; r.GetBody != nil {
			t.Error("the transport could send the body again")
		}
		return nil, io.EOF
	})
	api := newAPI(t, sunco.Config{Transport: transport})
	_, err := api.Create(t.Context(), "u", sunco.ClientCreate{}, sunco.Query{})
	if got := asError(t, err); calls != 1 || !got.Sent {
		t.Errorf("got %d calls and %+v, want 1 call and Sent", calls, *got)
	}
}

func TestConnectionsAreUsedAgain(t *testing.T) {
	bodies := map[string]http.HandlerFunc{
		"success": answer(http.StatusOK, "application/json", "{}"+strings.Repeat(" ", 5000)),
		"refusal": answer(http.StatusBadRequest, "text/html", "<p>"+strings.Repeat("x", 50_000)),
	}
	transports := map[string]http.RoundTripper{"": nil, ", net/http": &http.Transport{}}
	for name, handler := range bodies {
		for by, transport := range transports {
			t.Run(name+by, func(t *testing.T) {
				var connections atomic.Int64
				server := httptest.NewUnstartedServer(handler)
				server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
					if s == http.StateNew {
						connections.Add(1)
					}
				}
				server.Start()
				defer server.Close()
				api := newAPI(t, sunco.Config{BaseURL: server.URL, Transport: transport})
				for range 3 {
					_ = api.Remove(t.Context(), "u", "c", sunco.Query{})
				}
				if got := connections.Load(); got != 1 {
					t.Errorf("got %d connections for 3 calls, want 1", got)
				}
			})
		}
	}
}
