package suncotest_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sunbulk/sunbulk/sunco"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
)

const clientsPath = "/v2/apps/a/users/u/clients"

func TestRateLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := suncotest.New(suncotest.Config{Knobs: suncotest.Knobs{RateLimit: 0.5, Burst: 2}})
		statuses := func(n int) (got []int) {
			for range n {
				got = append(got, ask(sim, "GET", clientsPath, "").Code)
			}
			return got
		}
		if got := statuses(3); got[1] != 200 || got[2] != 429 {
			t.Errorf("got %v, want two calls and a 429", got)
		}
		if got := ask(sim, "GET", clientsPath, "").Header().Get("Retry-After"); got != "2" {
			t.Errorf("got Retry-After %q, want 2", got)
		}
		time.Sleep(2 * time.Second)
		if got := statuses(2); got[0] != 200 || got[1] != 429 {
			t.Errorf("got %v two seconds later, want a call and a 429", got)
		}
		if got := ask(sim, "GET", "/v2/apps/a", "").Code; got != 200 {
			t.Errorf("got %d for the app, want 200", got)
		}
	})
}

func TestBurstIsASecondsWorthByDefault(t *testing.T) {
	for rate, want := range map[float64]int{0.5: 1, 5: 5} {
		synctest.Test(t, func(t *testing.T) {
			sim := suncotest.New(suncotest.Config{Knobs: suncotest.Knobs{RateLimit: rate}})
			for range want + 1 {
				ask(sim, "GET", clientsPath, "")
			}
			if got := sim.Stats().Statuses; got[200] != int64(want) || got[429] != 1 {
				t.Errorf("rate %v: got statuses %v, want %d calls and a 429", rate, got, want)
			}
		})
	}
}

func TestRetryAfterForms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		date := time.Now().Add(time.Second).UTC().Format(http.TimeFormat)
		for form, want := range map[string]string{"": "1", "seconds": "1", "date": date, "none": "", "reset": "", "ratelimit": ""} {
			sim := suncotest.New(suncotest.Config{Knobs: suncotest.Knobs{Share429: 1, RetryAfter: form}})
			w := ask(sim, "GET", clientsPath, "")
			if got := w.Header().Get("Retry-After"); w.Code != 429 || got != want {
				t.Errorf("%q: got %d with Retry-After %q, want 429 with %q", form, w.Code, got, want)
			}
			wantReset, wantLimit := "", ""
			switch form {
			case "reset":
				wantReset = strconv.FormatInt(time.Now().Unix()+1, 10)
			case "ratelimit":
				wantLimit = `"default";r=0;t=1`
			}
			if got := w.Header().Get("X-RateLimit-Reset"); got != wantReset {
				t.Errorf("%q: got X-RateLimit-Reset %q, want %q", form, got, wantReset)
			}
			if got := w.Header().Get("RateLimit"); got != wantLimit {
				t.Errorf("%q: got RateLimit %q, want %q", form, got, wantLimit)
			}
		}
	})
}

func TestServerErrors(t *testing.T) {
	tests := []struct {
		knobs  suncotest.Knobs
		status int
		kind   string
	}{
		{suncotest.Knobs{Share503: 1}, 503, "application/json; charset=utf-8"},
		{suncotest.Knobs{Share503: 1, Status503: 502, HTML503: true}, 502, "text/html; charset=utf-8"},
	}
	for _, test := range tests {
		sim := suncotest.New(suncotest.Config{Knobs: test.knobs})
		w := ask(sim, "POST", clientsPath, createBody)
		if got := w.Header().Get("Content-Type"); w.Code != test.status || got != test.kind {
			t.Errorf("got %d %s, want %d %s", w.Code, got, test.status, test.kind)
		}
		if got := len(sim.Clients("u")); got != 0 {
			t.Errorf("got %d clients, want none", got)
		}
	}
}

func TestIntegrationScopeReachesUsersAlone(t *testing.T) {
	sim := suncotest.New(suncotest.Config{Knobs: suncotest.Knobs{IntegrationScope: true}})
	for path, want := range map[string]string{
		"":                  "403 forbidden",
		"/integrations/i1":  "403 forbidden",
		"/users/u1/clients": "200",
	} {
		if got := short(ask(sim, "GET", "/v2/apps/app1"+path, "")); got != want {
			t.Errorf("GET %s: got %s, want %s", path, got, want)
		}
	}
}

func TestAppStatusAnswersEverything(t *testing.T) {
	sim := suncotest.New(suncotest.Config{Knobs: suncotest.Knobs{AppStatus: 402}})
	for _, path := range []string{"/v2/apps/a", clientsPath} {
		if got := short(ask(sim, "GET", path, "")); got != "402 payment_required" {
			t.Errorf("%s: got %s, want 402 payment_required", path, got)
		}
	}
	if got := ask(sim, "GET", "/_sim/stats", "").Code; got != 200 {
		t.Errorf("got %d for the stats, want 200", got)
	}
}

// TestCutsBeforeAndAfterTheWork: what the caller sees, and whether the work was done.
func TestCutsBeforeAndAfterTheWork(t *testing.T) {
	tests := []struct {
		name    string
		knobs   suncotest.Knobs
		status  int
		clients int
	}{
		{"before", suncotest.Knobs{CutBefore: 1}, 0, 0},
		{"after", suncotest.Knobs{CutAfter: 1}, 0, 1},
		{"half an answer", suncotest.Knobs{HalfAnswer: 1}, 201, 1},
		{"503 after the work", suncotest.Knobs{Share503After: 1}, 503, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			sim := suncotest.New(suncotest.Config{Knobs: test.knobs})
			_, err := connect(t, sim).Create(t.Context(), "u", create(), sunco.Query{})
			e, ok := sunco.AsError(err)
			if !ok || e.Status != test.status || !e.Sent {
				t.Errorf("got error %+v, want Status %d and Sent", e, test.status)
			}
			if got := len(sim.Clients("u")); got != test.clients {
				t.Errorf("got %d clients, want %d", got, test.clients)
			}
		})
	}
}

func TestHangEndsWithTheCallerOrTheServer(t *testing.T) {
	t.Run("caller", func(t *testing.T) {
		sim := suncotest.New(suncotest.Config{Knobs: suncotest.Knobs{Hang: 1}})
		api := connect(t, sim)
		ctx, cancel := context.WithCancel(t.Context())
		go whenCreated(sim, cancel)
		_, err := api.Create(ctx, "u", create(), sunco.Query{})
		if e, ok := sunco.AsError(err); !ok || e.Status != 0 || !e.Sent {
			t.Errorf("got error %v, want no answer", err)
		}
	})
	t.Run("server", func(t *testing.T) {
		sim := suncotest.New(suncotest.Config{Knobs: suncotest.Knobs{Hang: 1}})
		api := connect(t, sim)
		go whenCreated(sim, sim.Close)
		if _, err := api.Create(t.Context(), "u", create(), sunco.Query{}); err == nil {
			t.Error("got an answer, want none")
		}
		sim.Close() // a second time does no harm
	})
}

func create() sunco.ClientCreate {
	return sunco.ClientCreate{
		MatchCriteria: sunco.MatchCriteria{Type: sunco.TypeMailgun, IntegrationID: "i1", Address: "a@b.test"},
		Confirmation:  sunco.Confirmation{Type: sunco.ConfirmImmediate},
		Target:        sunco.Target{ConversationID: "c1"},
	}
}

// whenCreated calls then as soon as user u has a client.
func whenCreated(sim *suncotest.Server, then func()) {
	for len(sim.Clients("u")) == 0 {
		time.Sleep(time.Millisecond) // over a real connection there is no event to wait for
	}
	then()
}

func TestLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := suncotest.New(suncotest.Config{Knobs: suncotest.Knobs{LatencyMin: 10 * time.Millisecond, LatencyMax: 20 * time.Millisecond}})
		distinct := map[time.Duration]bool{}
		for range 20 {
			began := time.Now()
			ask(sim, "GET", clientsPath, "")
			took := time.Since(began) // bubble time: exact
			if took < 10*time.Millisecond || took > 20*time.Millisecond {
				t.Errorf("got %v, want 10 to 20 ms", took)
			}
			distinct[took] = true
		}
		if len(distinct) < 10 {
			t.Errorf("got %d different latencies of 20", len(distinct))
		}
	})
}

func TestSharesAreMetAndRepeatable(t *testing.T) {
	run := func(seed uint64) string {
		sim := suncotest.New(suncotest.Config{Seed: seed, Knobs: suncotest.Knobs{Share429: 0.2, Share503: 0.25}})
		var got strings.Builder
		for range 2000 {
			got.WriteByte("2345"[ask(sim, "GET", clientsPath, "").Code/100-2])
		}
		return got.String()
	}
	first := run(1)
	if run(1) != first {
		t.Error("the same seed gave other faults")
	}
	if run(2) == first {
		t.Error("another seed gave the same faults")
	}
	for fault, want := range map[string]int{"4": 400, "5": 400} { // 2000 × 0.2, and × 0.8 × 0.25
		if got := strings.Count(first, fault); got < want-80 || got > want+80 {
			t.Errorf("got %d answers %sxx, want about %d", got, fault, want)
		}
	}
}

func BenchmarkCreateAndList(b *testing.B) {
	sim := suncotest.New(suncotest.Config{})
	handler := func(method, body string) {
		r := httptest.NewRequest(method, clientsPath, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer any")
		sim.ServeHTTP(httptest.NewRecorder(), r)
	}
	b.ReportAllocs()
	for b.Loop() {
		handler("POST", createBody)
		id := sim.Clients("u")[0].ID
		handler("GET", "")
		r := httptest.NewRequest("DELETE", clientsPath+"/"+id, nil)
		r.Header.Set("Authorization", "Bearer any")
		sim.ServeHTTP(httptest.NewRecorder(), r)
	}
}
