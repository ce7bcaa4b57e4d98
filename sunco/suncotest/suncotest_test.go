package suncotest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/sunbulk/sunbulk/sunco"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
)

const createBody = `{"matchCriteria":{"type":"whatsapp","integrationId":"i1","phoneNumber":"+1 212-555-2368"},` +
	`"confirmation":{"type":"immediate"},"target":{"conversationId":"c1"}}`

// strictWorld knows one user of each kind and two integrations.
func strictWorld() suncotest.World {
	return suncotest.World{
		Users: []suncotest.User{
			{ID: "u1", ExternalID: "ann", Conversations: []suncotest.Conversation{{ID: "c1"}},
				Clients: []sunco.Client{{ID: "sdk1", Type: "sdk", Status: "active"}, {ID: "wa1", Type: "whatsapp", Status: "active"}}},
			{ID: "u2", ExternalID: "ann", BrandID: "b1", Clients: []sunco.Client{{ID: "sdk2", Type: "sdk"}}},
		},
		Integrations: []suncotest.Integration{{ID: "i1", Type: "whatsapp"}, {ID: "i2", Type: "twilio"}},
	}
}

// ask calls the handler itself, with some credentials.
func ask(sim http.Handler, method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer any")
	w := httptest.NewRecorder()
	sim.ServeHTTP(w, r)
	return w
}

// short returns status and error code of an answer.
func short(w *httptest.ResponseRecorder) string {
	var body struct {
		Errors []struct{ Code string }
	}
	if json.Unmarshal(w.Body.Bytes(), &body) != nil {
		return fmt.Sprint(w.Code, " not JSON")
	}
	if len(body.Errors) == 0 {
		return fmt.Sprint(w.Code)
	}
	return fmt.Sprint(w.Code, " ", body.Errors[0].Code)
}

func connect(t *testing.T, sim *suncotest.Server) *sunco.API {
	t.Helper()
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	t.Cleanup(sim.Close)
	api, err := sunco.New("app1", sunco.Config{BaseURL: server.URL + "/sc", Auth: sunco.Token("any")})
	if err != nil {
		t.Fatal(err)
	}
	return api
}

func TestAnswers(t *testing.T) {
	const users, sdk = "/v2/apps/app1/users", "/v2/apps/app1/users/u1/clients"
	body := func(old, new string) string { return strings.Replace(createBody, old, new, 1) }
	message := func(kind, message string) string {
		return body(`"type":"immediate"`, `"type":"`+kind+`","message":`+message)
	}
	tests := []struct{ name, method, path, body, want string }{
		{"create", "POST", sdk, createBody, "201"},
		{"create by external id", "POST", users + "/ann/clients", createBody, "201"},
		{"create, unknown user", "POST", users + "/u9/clients", createBody, "404 user_not_found"},
		{"create, unknown integration", "POST", sdk, body("i1", "i9"), "404 integration_not_found"},
		{"create, integration of another type", "POST", sdk, body("i1", "i2"), "400 bad_request"},
		{"create, unknown conversation", "POST", sdk, body("c1", "c9"), "404 conversation_not_found"},
		{"create, conversation of another user", "POST", users + "/u2/clients", createBody, "404 conversation_not_found"},
		{"create, number without +", "POST", sdk, body("+1", "1"), "400 bad_request"},
		{"create, no number", "POST", sdk, body("phoneNumber", "phone"), "400 bad_request"},
		{"create, unknown type", "POST", sdk, body("whatsapp", "pigeon"), "400 bad_request"},
		{"create, mail without address", "POST", sdk, body("whatsapp", "mailgun"), "400 bad_request"},
		{"create, no integration", "POST", sdk, body("i1", ""), "400 bad_request"},
		{"create, unknown confirmation", "POST", sdk, body("immediate", "later"), "400 bad_request"},
		{"create, no conversation", "POST", sdk, body("c1", ""), "400 bad_request"},
		{"create, user activity without message", "POST", sdk, body("immediate", "userActivity"), "400 bad_request"},
		{"create, message", "POST", sdk, message("userActivity", `{"author":{"type":"business"},"content":{"type":"text","text":"hi"}}`), "201"},
		{"create, message without author", "POST", sdk, message("prompt", `{"content":{"type":"text"}}`), "400 bad_request"},
		{"create, message of a wrong kind", "POST", sdk, message("prompt", `{"author":{},"content":{"type":"file"}}`), "400 bad_request"},
		{"create, message with a wrong action", "POST", sdk,
			message("prompt", `{"author":{},"content":{"type":"text","actions":[{"type":"reply"}]}}`), "400 bad_request"},
		{"create, no JSON", "POST", sdk, "{", "400 bad_request"},
		{"create, no object", "POST", sdk, "[]", "400 bad_request"},
		{"create, largest body", "POST", sdk, createBody + strings.Repeat(" ", sunco.MaxBodySize-len(createBody)), "201"},
		{"create, larger body", "POST", sdk, createBody + strings.Repeat(" ", sunco.MaxBodySize+1-len(createBody)), "413 payload_too_large"},
		{"list", "GET", sdk, "", "200"},
		{"list below /sc", "GET", "/sc" + sdk, "", "200"},
		{"list, unknown user", "GET", users + "/u9/clients", "", "404 user_not_found"},
		{"list, size too small", "GET", sdk + "?page[size]=0", "", "400 bad_request"},
		{"list, size too large", "GET", sdk + "?page[size]=101", "", "400 bad_request"},
		{"list, size no number", "GET", sdk + "?page[size]=", "", "400 bad_request"},
		{"list, short cursor", "GET", sdk + "?page[after]=5c9a", "", "400 bad_request"},
		{"list, foreign cursor", "GET", sdk + "?page[after]=zzzzzzzzzzzzzzzzzzzzzzzz", "", "400 bad_request"},
		{"list, two cursors", "GET", sdk + "?page[after]=5c9a34160000000000000001&page[before]=5c9a34160000000000000002", "", "400 bad_request"},
		{"remove", "DELETE", sdk + "/wa1", "", "200"},
		{"remove, sdk", "DELETE", sdk + "/sdk1", "", "400 bad_request"},
		{"remove, unknown client", "DELETE", sdk + "/wa9", "", "404 client_not_found"},
		{"remove, unknown user", "DELETE", users + "/u9/clients/wa1", "", "404 user_not_found"},
		{"app", "GET", "/v2/apps/app1", "", "200"},
		{"another app", "GET", "/v2/apps/app2/users/u1/clients", "", "404 app_not_found"},
		{"integration", "GET", "/v2/apps/app1/integrations/i1", "", "200"},
		{"unknown integration", "GET", "/v2/apps/app1/integrations/i9", "", "404 integration_not_found"},
		{"unknown path", "GET", "/v2/apps/app1/users/u1/devices", "", "404 not_found"},
		{"unknown method", "PATCH", sdk, "", "404 not_found"},
		{"no API path", "GET", "/", "", "404 not_found"},
		{"empty user", "GET", users + "//clients", "", "404 not_found"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			sim := suncotest.New(suncotest.Config{AppID: "app1", World: strictWorld()})
			if got := short(ask(sim, test.method, test.path, test.body)); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestBrandSeparatedUsers(t *testing.T) {
	tests := map[string]string{"ann": "sdk1", "ann?brandId=b1": "sdk2", "u2": "sdk2", "u1?brandId=b1": "sdk1", "ann?brandId=b9": "sdk1"}
	sim := suncotest.New(suncotest.Config{World: strictWorld()})
	for user, want := range tests {
		user, query, _ := strings.Cut(user, "?")
		var got struct{ Clients []sunco.Client }
		if err := json.Unmarshal(ask(sim, "GET", "/v2/apps/a/users/"+user+"/clients?"+query, "").Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if len(got.Clients) == 0 || got.Clients[0].ID != want {
			t.Errorf("%s %s: got %v, want %s first", user, query, got.Clients, want)
		}
	}
}

func TestLenientWorldAssumesWhatIsNotCalledUnknown(t *testing.T) {
	path := func(user string) string { return "/v2/apps/any/users/" + user + "/clients" }
	replace := func(old, new string) string { return strings.Replace(createBody, old, new, 1) }
	tests := []struct{ name, path, body, want string }{
		{"anybody", path("x"), createBody, "201"},
		{"unknown user", path("unknown1"), createBody, "404 user_not_found"},
		{"unknown integration", path("x"), replace("i1", "unknown1"), "404 integration_not_found"},
		{"unknown conversation", path("x"), replace("c1", "unknown1"), "404 conversation_not_found"},
		{"user in another brand", path("x") + "?brandId=b", createBody, "201"},
	}
	sim := suncotest.New(suncotest.Config{})
	for _, test := range tests {
		if got := short(ask(sim, "POST", test.path, test.body)); got != test.want {
			t.Errorf("%s: got %s, want %s", test.name, got, test.want)
		}
	}
	if got := len(sim.Clients("x")); got != 1 {
		t.Errorf("got %d clients of the user without a brand, want 1", got)
	}
}

func TestCreatedClientBecomesActive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := suncotest.New(suncotest.Config{Knobs: suncotest.Knobs{PendingFor: time.Minute}})
		w := ask(sim, "POST", "/v2/apps/a/users/u/clients", createBody)
		linked := time.Now().Add(time.Minute)
		pending := sunco.Client{ID: "5c9a34160000000000000001", Type: "whatsapp", Status: "pending", IntegrationID: "i1"}
		active := pending
		active.Status, active.ExternalID, active.DisplayName = "active", "+1 212-555-2368", "Simulated person"
		active.LinkedAt, active.LastSeen = linked, linked
		want := `{"client":{"id":"5c9a34160000000000000001","type":"whatsapp","status":"pending","integrationId":"i1"}}`
		if got := w.Body.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		time.Sleep(time.Minute - 1)
		if diff := cmp.Diff([]sunco.Client{pending}, sim.Clients("u"), cmpopts.IgnoreUnexported(sunco.Client{})); diff != "" {
			t.Errorf("before (-want +got):\n%s", diff)
		}
		time.Sleep(time.Nanosecond)
		if diff := cmp.Diff([]sunco.Client{active}, sim.Clients("u"), cmpopts.IgnoreUnexported(sunco.Client{})); diff != "" {
			t.Errorf("after (-want +got):\n%s", diff)
		}
	})
}

func TestFailedLinksVanish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := suncotest.New(suncotest.Config{Knobs: suncotest.Knobs{PendingFor: time.Minute}})
		ask(sim, "POST", "/v2/apps/a/users/u/clients", strings.Replace(createBody, "2368", "0000", 1))
		sim.SetKnobs(suncotest.Knobs{PendingFor: time.Minute, FailedLinkShare: 1})
		ask(sim, "POST", "/v2/apps/a/users/u/clients", createBody)
		if got := len(sim.Clients("u")); got != 2 {
			t.Errorf("got %d clients at first, want 2 pending", got)
		}
		time.Sleep(time.Minute)
		if got := sim.Stats().LiveClients; got != 0 {
			t.Errorf("got %d live clients, want 0", got)
		}
		if got := len(sim.Clients("u")); got != 0 {
			t.Errorf("got %d clients in the end, want 0", got)
		}
	})
}

func TestSecondIdenticalCreate(t *testing.T) {
	tests := map[string]struct {
		want    string
		clients int
	}{"": {"201", 2}, "second": {"201", 2}, "conflict": {"409 conflict", 1}, "same": {"201", 1}}
	for habit, test := range tests {
		sim := suncotest.New(suncotest.Config{Knobs: suncotest.Knobs{OnDuplicate: habit}})
		const path = "/v2/apps/a/users/u/clients"
		ask(sim, "POST", path, createBody)
		if got := short(ask(sim, "POST", path, createBody)); got != test.want {
			t.Errorf("%q: got %s, want %s", habit, got, test.want)
		}
		if got := len(sim.Clients("u")); got != test.clients {
			t.Errorf("%q: got %d clients, want %d", habit, got, test.clients)
		}
		if got, want := sim.Stats().Duplicates, int64(test.clients-1); got != want {
			t.Errorf("%q: got %d duplicates, want %d", habit, got, want)
		}
	}
}

func TestClientWorksAgainstTheSimulation(t *testing.T) {
	sim := suncotest.New(suncotest.Config{})
	api, ctx := connect(t, sim), t.Context()
	if err := api.App(ctx); err != nil {
		t.Fatal(err)
	}
	var create sunco.ClientCreate
	if err := json.Unmarshal([]byte(createBody), &create); err != nil {
		t.Fatal(err)
	}
	for _, user := range []string{"u", "a/b", "a..b", "é %2Fx"} {
		made, err := api.Create(ctx, user, create, sunco.Query{})
		if err != nil {
			t.Fatal(err)
		}
		if got := ids(ctx, t, api, user); !cmp.Equal(got, []string{made.ID}) {
			t.Errorf("%s: got clients %v, want %s", user, got, made.ID)
		}
		if err := api.Remove(ctx, user, made.ID, sunco.Query{}); err != nil {
			t.Errorf("%s: %v", user, err)
		}
	}
	want := suncotest.Stats{
		Calls: map[string]int64{"app": 1, "create": 4, "list": 4, "remove": 4}, Statuses: map[int]int64{200: 9, 201: 4},
		Created: 4, Removed: 4, MaxInFlight: 1,
	}
	if diff := cmp.Diff(want, sim.Stats(), cmpopts.IgnoreFields(suncotest.Stats{}, "MaxPerSecond", "InFlight", "MaxInFlight")); diff != "" {
		t.Errorf("stats (-want +got):\n%s", diff)
	}
}

func ids(ctx context.Context, t *testing.T, api *sunco.API, user string) (ids []string) {
	t.Helper()
	for c, err := range api.List(ctx, user, sunco.ListQuery{}) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, c.ID)
	}
	return ids
}
