package suncotest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sunbulk/sunbulk/sunco"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
)

// told is an event as a target gets it.
type told struct {
	kind, reason, client, status, app, key, user string
	answered                                     int
}

// target keeps what it is sent, and answers by answer where that is set.
type target struct {
	mu     sync.Mutex
	all    []told
	bodies [][]byte
	answer func(n int, key string) int
}

func (g *target) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var in struct {
		App    struct{ ID string }
		Events []struct {
			Type    string
			Payload struct {
				User   struct{ ID string }
				Reason string
				Client sunco.Client
			}
		}
	}
	if err := json.Unmarshal(body, &in); err != nil {
		panic(err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	status, e := 200, in.Events[0]
	if g.answer != nil {
		status = g.answer(len(g.all), r.Header.Get("X-API-Key"))
	}
	g.bodies = append(g.bodies, body)
	g.all = append(g.all, told{e.Type, e.Payload.Reason, e.Payload.Client.ID, e.Payload.Client.Status, in.App.ID, r.Header.Get("X-API-Key"), e.Payload.User.ID, status})
	w.WriteHeader(status)
}

// order is the kinds and reasons in the order in which they came.
func (g *target) order() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var all []string
	for _, e := range g.all {
		all = append(all, strings.TrimPrefix(e.kind, "client:")+" "+e.reason)
	}
	return strings.Join(all, ", ")
}

func (g *target) count(of func(told) bool) (n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, e := range g.all {
		if of(e) {
			n++
		}
	}
	return n
}

// RoundTrip makes a target the transport of a simulated API, so that a test needs no network and no time.
func (g *target) RoundTrip(r *http.Request) (*http.Response, error) {
	out := httptest.NewRecorder()
	g.ServeHTTP(out, r)
	return out.Result(), nil
}

// linked makes n clients on a simulated API whose events go to a target, and returns when all were sent.
func linked(t *testing.T, hook suncotest.Webhook, knobs suncotest.Knobs, n int) (*suncotest.Server, *target) {
	t.Helper()
	to := &target{}
	if hook.Target == "" {
		hook.Target, hook.Secret = "https://hooks.example.org/", "s3cret"
	}
	sim := suncotest.New(suncotest.Config{Knobs: knobs, Webhook: &hook, Transport: to})
	link(t, sim, n)
	time.Sleep(time.Hour) // of the test's own clock
	synctest.Wait()
	return sim, to
}

func link(t *testing.T, sim *suncotest.Server, n int) {
	t.Helper()
	for i := range n {
		body := strings.Replace(createBody, "+1 212-555-2368", fmt.Sprintf("+1212555%04d", i+1), 1)
		if got := short(ask(sim, "POST", fmt.Sprintf("/v2/apps/app1/users/user-%d/clients", i), body)); got != "201" {
			t.Fatalf("got %s", got)
		}
	}
}

// slow gives a link a second.
var slow = suncotest.Knobs{PendingFor: time.Second}

func TestEventsOfOneClient(t *testing.T) {
	t.Parallel()
	with := func(change func(*suncotest.Knobs)) suncotest.Knobs {
		k := slow
		change(&k)
		return k
	}
	for name, c := range map[string]struct {
		hook  suncotest.Webhook
		knobs suncotest.Knobs
		want  string
	}{
		"confirmed": {suncotest.Webhook{}, slow, "add channelLinking, update confirmed"},
		"failed":    {suncotest.Webhook{}, with(func(k *suncotest.Knobs) { k.FailedLinkShare = 1 }), "add channelLinking, remove linkFailed"},
		"cancelled": {suncotest.Webhook{}, with(func(k *suncotest.Knobs) { k.CancelledLinkShare = 1 }), "add channelLinking, remove linkCancelled"},
		"taken":     {suncotest.Webhook{}, with(func(k *suncotest.Knobs) { k.TakenLinkShare = 1 }), "add channelLinking, update confirmed, remove theft"},
		"early":     {suncotest.Webhook{Early: 1}, slow, "add channelLinking, update confirmed"},
		"twice":     {suncotest.Webhook{Twice: 1}, slow, "add channelLinking, add channelLinking, update confirmed, update confirmed"},
		"swapped":   {suncotest.Webhook{Swapped: 1, Early: 1}, slow, "update confirmed, add channelLinking"},
		"dropped":   {suncotest.Webhook{Dropped: 1}, slow, ""},
		"wrong key": {suncotest.Webhook{WrongKey: 1}, slow, "remove linkFailed, add channelLinking, remove linkFailed, update confirmed"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sim, to := linked(t, c.hook, c.knobs, 1)
				if got := to.order(); got != c.want {
					t.Errorf("got %s, want %s", got, c.want)
				}
				for _, e := range to.all {
					forged := strings.Contains(name, "key") && e.reason == "linkFailed"
					if e.app != "app1" || (e.key == "s3cret") == forged {
						t.Errorf("%s %s: app %s, key %s", e.kind, e.reason, e.app, e.key)
					}
				}
				if stats := sim.WebhookStats(); stats.Open != 0 || stats.Taken != int64(len(to.all)) || stats.GivenUp != 0 || stats.WrongKey != stats.WrongKeyTaken {
					t.Errorf("got %+v", stats)
				}
			})
		})
	}
}

// What the events say of a client is what the API shows.
func TestEventsShowTheClient(t *testing.T) {
	t.Parallel()
	for _, pending := range []time.Duration{0, time.Second} {
		synctest.Test(t, func(t *testing.T) {
			sim, to := linked(t, suncotest.Webhook{}, suncotest.Knobs{PendingFor: pending}, 1)
			shown := sim.Clients("user-0")[0]
			want := []told{{"client:add", "channelLinking", shown.ID, "pending", "app1", "s3cret", "user-0", 200}, {"client:update", "confirmed", shown.ID, shown.Status, "app1", "s3cret", "user-0", 200}}
			slices.SortFunc(to.all, func(a, b told) int { return strings.Compare(a.kind, b.kind) })
			if !slices.Equal(to.all, want) || shown.Status != sunco.StatusActive {
				t.Errorf("got %+v, want %+v", to.all, want)
			}
		})
	}
}

// Early events are there before the create is answered; others may come later.
func TestEarlyEvents(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		to := &target{}
		sim := suncotest.New(suncotest.Config{Knobs: slow, Transport: to, Webhook: &suncotest.Webhook{Target: "https://hooks.example.org/", Early: 1, Late: 1}})
		link(t, sim, 1)
		if got := to.order(); got != "add channelLinking" {
			t.Errorf("got %q", got)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
	})
}

// Late events are overtaken, and none is lost.
func TestLateEvents(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim, to := linked(t, suncotest.Webhook{Late: 0.3, LateBy: time.Minute}, slow, 100)
		first, overtaken := map[string]string{}, 0
		for _, e := range to.all {
			if was, known := first[e.client]; !known {
				first[e.client] = e.kind
			} else if was == "client:update" && e.kind == "client:add" {
				overtaken++
			}
		}
		if len(to.all) != 200 || overtaken < 5 || overtaken > 40 || sim.WebhookStats().Events != 200 {
			t.Errorf("got %d events, %d overtaken", len(to.all), overtaken)
		}
	})
}

// A target has five attempts within the window, and none after an answer that is final.
func TestAttempts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answers []int
		want    string
		givenUp int64
	}{
		"taken":        {[]int{200}, "0s", 0},
		"away":         {[]int{503}, "0s 1m0s 3m0s 7m0s 15m0s", 1},
		"back":         {[]int{503, 500, 413, 204}, "0s 1m0s 3m0s 7m0s", 0},
		"refused":      {[]int{503, 401}, "0s 1m0s", 1},
		"unacceptable": {[]int{406}, "0s", 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			var at []string
			began := time.Now()
			to := &target{answer: func(n int, _ string) int {
				at = append(at, time.Since(began).String())
				return c.answers[min(n, len(c.answers)-1)]
			}}
			sim := suncotest.New(suncotest.Config{Knobs: suncotest.Knobs{PendingFor: 24 * time.Hour}, Transport: to,
				Webhook: &suncotest.Webhook{Target: "https://hooks.example.org/", Window: 15 * time.Minute}})
			link(t, sim, 1)
			time.Sleep(time.Hour)
			synctest.Wait()
			sim.Close()
			if got := strings.Join(at, " "); got != c.want || sim.WebhookStats().GivenUp != c.givenUp {
				t.Errorf("%s: got %s, %+v, want %s", name, got, sim.WebhookStats(), c.want)
			}
		})
	}
}

// The same seed drops the same events.
func TestSeedsOfWebhooks(t *testing.T) {
	t.Parallel()
	dropped := func(seed uint64) (events string) {
		synctest.Test(t, func(t *testing.T) {
			to := &target{}
			sim := suncotest.New(suncotest.Config{Seed: seed, Knobs: slow, Transport: to, Webhook: &suncotest.Webhook{Target: "https://hooks.example.org/", Dropped: 0.5}})
			link(t, sim, 40)
			time.Sleep(time.Minute)
			synctest.Wait()
			var all []string
			for _, e := range to.all {
				all = append(all, e.user+" "+e.kind)
			}
			slices.Sort(all)
			events = fmt.Sprint(all)
			if n := sim.WebhookStats().Dropped; n < 20 || n > 60 || int(n)+len(all) != 80 {
				t.Errorf("%d of 80 were dropped, %d came", n, len(all))
			}
		})
		return events
	}
	if one := dropped(1); one != dropped(1) || one == dropped(2) {
		t.Error("the events that are dropped do not follow the seed")
	}
}

func TestRemovalIsAnEvent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim, to := linked(t, suncotest.Webhook{}, slow, 1)
		id := sim.Clients("user-0")[0].ID
		for range 2 { // the second time it is a 404
			ask(sim, "DELETE", "/v2/apps/app1/users/user-0/clients/"+id, "")
		}
		synctest.Wait()
		if last := to.all[len(to.all)-1]; last.client != id || last.status != "active" || !strings.HasSuffix(to.order(), "update confirmed, remove api") {
			t.Errorf("got %s, %+v", to.order(), last)
		}
	})
}

// Without a target, the webhooks that calls made get the events of their triggers.
func TestInstalledWebhooksGetEvents(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		to := &target{}
		sim := suncotest.New(suncotest.Config{Knobs: slow, Transport: to, Webhook: &suncotest.Webhook{}})
		install := func(triggers string) string {
			w := ask(sim, "POST", "/v2/apps/app1/integrations", `{"type":"custom","displayName":"x","webhooks":[{"target":"https://hooks.example.org/x","triggers":[`+triggers+`]}]}`)
			var made struct{ Integration struct{ ID string } }
			if err := json.Unmarshal(w.Body.Bytes(), &made); err != nil {
				t.Fatal(err)
			}
			var all struct{ Webhooks []sunco.Webhook }
			w = ask(sim, "GET", "/v2/apps/app1/integrations/"+made.Integration.ID+"/webhooks", "")
			if err := json.Unmarshal(w.Body.Bytes(), &all); err != nil {
				t.Fatal(err)
			}
			return all.Webhooks[0].Secret
		}
		link(t, sim, 1)
		time.Sleep(time.Minute)
		synctest.Wait()
		both, add := install(`"client:add","client:update"`), install(`"client:add"`)
		link(t, sim, 1)
		time.Sleep(time.Minute)
		synctest.Wait()
		if of := func(key string) int { return to.count(func(e told) bool { return e.key == key }) }; of(both) != 2 || of(add) != 1 || len(to.all) != 3 {
			t.Errorf("got %+v", to.all)
		}
	})
}

func TestWebhooksInWorldFiles(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`{"webhook":{"target":"https://hooks.example.org/x","secret":"s","window":"15s","lateBy":"2s","early":0.02,"twice":0.05}}`: "",
		`{"webhook":{}}`:                         "",
		`{"webhook":{"early":2}}`:                "webhook.early is not in 0 to 1",
		`{"webhook":{"dropped":-0.1}}`:           "webhook.dropped is not in 0 to 1",
		`{"webhook":{"target":"hooks"}}`:         "webhook.target is not a URL",
		`{"webhook":{"window":"16m"}}`:           "webhook.window is not in 0 to 15m",
		`{"webhook":{"window":15}}`:              "window",
		`{"webhook":{"erly":0.1}}`:               "erly",
		`{"knobs":{"cancelledLinkShare":1.5}}`:   "cancelledLinkShare is not in 0 to 1",
		`{"knobs":{"takenLinkShare":"a tenth"}}`: "takenLinkShare",
	} {
		world, err := suncotest.LoadWorld(strings.NewReader(in))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got error %v, want %s", in, err, want)
		}
		if err != nil || world.Webhook.Window == 0 {
			continue
		}
		want := suncotest.Webhook{Target: "https://hooks.example.org/x", Secret: "s", Window: 15 * time.Second, LateBy: 2 * time.Second, Early: 0.02, Twice: 0.05}
		if got := suncotest.New(suncotest.Config{World: world}).Webhook(); *got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
}
