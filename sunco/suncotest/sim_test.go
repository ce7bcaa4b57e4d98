package suncotest_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
)

func TestKnobsOverHTTP(t *testing.T) {
	sim := suncotest.New(suncotest.Config{Knobs: suncotest.Knobs{RateLimit: 5}})
	put := func(body string) int { return ask(sim, "PUT", "/_sim/knobs", body).Code }
	if got := put(`{"share503":0.3,"pendingFor":"2s"}`); got != 200 {
		t.Errorf("got %d, want 200", got)
	}
	want := suncotest.Knobs{RateLimit: 5, Share503: 0.3, PendingFor: 2 * time.Second}
	for _, body := range []string{`{"share503":2}`, `{"share":1}`, `{`, `[]`, ``, `{"rateLimit":9,"hang":7}`} {
		if got := put(body); got != 400 {
			t.Errorf("%q: got %d, want 400", body, got)
		}
	}
	if diff := cmp.Diff(want, sim.Knobs()); diff != "" {
		t.Errorf("knobs (-want +got):\n%s", diff)
	}
	const wantJSON = `{"rateLimit":5,"share503":0.3,"pendingFor":"2s"}`
	if got := ask(sim, "GET", "/_sim/knobs", "").Body.String(); got != wantJSON {
		t.Errorf("got %s, want %s", got, wantJSON)
	}
	if got := ask(sim, "POST", "/_sim/knobs", "{}").Code; got != 405 {
		t.Errorf("got %d for POST, want 405", got)
	}
}

func TestUsersOverHTTP(t *testing.T) {
	sim := suncotest.New(suncotest.Config{World: strictWorld(), Knobs: suncotest.Knobs{Share503: 1}})
	tests := map[string]string{
		"u2":             `{"clients":[{"id":"sdk2","type":"sdk"}]}`,
		"ann?brandId=b1": `{"clients":[{"id":"sdk2","type":"sdk"}]}`,
		"nobody":         `{"clients":[]}`,
		"a%2Fb":          `{"clients":[]}`,
	}
	for user, want := range tests {
		if got := ask(sim, "GET", "/_sim/users/"+user, "").Body.String(); got != want {
			t.Errorf("%s: got %s, want %s", user, got, want)
		}
	}
}

func TestStatsOverHTTP(t *testing.T) {
	sim := suncotest.New(suncotest.Config{})
	ask(sim, "POST", clientsPath, createBody)
	ask(sim, "POST", clientsPath, createBody)
	ask(sim, "GET", "/v2/apps/a", "")
	var got suncotest.Stats
	if err := json.Unmarshal(ask(sim, "GET", "/_sim/stats", "").Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	want := suncotest.Stats{
		Calls: map[string]int64{"create": 2, "app": 1}, Statuses: map[int]int64{201: 2, 200: 1},
		Created: 2, LiveClients: 2, Duplicates: 1, MaxPerSecond: 2, MaxInFlight: 1,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("stats (-want +got):\n%s", diff)
	}
}

// TestDuplicatesAreExtraCreates: clients of the World, other channels and removed clients are none.
func TestDuplicatesAreExtraCreates(t *testing.T) {
	sim := suncotest.New(suncotest.Config{World: strictWorld()})
	other := strings.NewReplacer("whatsapp", "twilio", "i1", "i2").Replace(createBody)
	for i, step := range []struct {
		method, path, body string
		want               int64
	}{
		{"POST", "", createBody, 0}, {"POST", "", other, 0}, {"POST", "", createBody, 1}, {"POST", "", createBody, 2},
		{"DELETE", "/" + "last", "", 1},
	} {
		path := "/v2/apps/a/users/u1/clients" + step.path
		if step.method == "DELETE" {
			clients := sim.Clients("u1")
			path = strings.Replace(path, "last", clients[len(clients)-1].ID, 1)
		}
		ask(sim, step.method, path, step.body)
		if got := sim.Stats().Duplicates; got != step.want {
			t.Errorf("step %d: got %d duplicates, want %d", i, got, step.want)
		}
	}
}

// TestI4MaxPerSecondIsThatOfAnySecond: the worst second need not begin with a tick of the clock.
func TestI4MaxPerSecondIsThatOfAnySecond(t *testing.T) {
	type step struct {
		after time.Duration
		calls int
	}
	tests := map[string]struct {
		steps []step
		want  int
	}{
		"across a tick":      {[]step{{900 * time.Millisecond, 70}, {200 * time.Millisecond, 80}, {time.Minute, 149}}, 150},
		"a second is over":   {[]step{{0, 70}, {200 * time.Millisecond, 80}, {800 * time.Millisecond, 60}}, 150},
		"ring grows wrapped": {[]step{{0, 60}, {900 * time.Millisecond, 4}, {100 * time.Millisecond, 100}, {900 * time.Millisecond, 20}}, 120},
	}
	for name, test := range tests {
		synctest.Test(t, func(t *testing.T) {
			sim := suncotest.New(suncotest.Config{})
			for _, s := range test.steps {
				time.Sleep(s.after)
				for range s.calls {
					ask(sim, "GET", clientsPath, "")
				}
			}
			if got := sim.Stats().MaxPerSecond; got != test.want {
				t.Errorf("%s: got %d, want %d", name, got, test.want)
			}
		})
	}
}

func TestConcurrentCallsAddUp(t *testing.T) {
	sim := suncotest.New(suncotest.Config{})
	var group sync.WaitGroup
	for g := range 8 {
		group.Go(func() {
			for i := range 200 {
				path := "/v2/apps/a/users/u" + strconv.Itoa(i%50) + "/clients"
				ask(sim, "POST", path, strings.Replace(createBody, "i1", "i"+strconv.Itoa(g), 1))
				ask(sim, "GET", path, "")
				sim.SetKnobs(suncotest.Knobs{Burst: g})
			}
		})
	}
	group.Wait()
	got := sim.Stats()
	if got.Created != 1600 || got.LiveClients != 1600 || got.Duplicates != 1200 || got.Statuses[200] != 1600 || got.InFlight != 0 {
		t.Errorf("got %+v, want 1600 clients, 1200 of them duplicates, and no call left", got)
	}
}
