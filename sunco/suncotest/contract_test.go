package suncotest_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"github.com/sunbulk/sunbulk/sunco"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
)

// contract holds each request and each answer to an OpenAPI document.
type contract struct {
	router routers.Router
	doc    *openapi3.T

	mu   sync.Mutex
	seen map[string]bool // operations with the statuses of their answers
}

// strayRequired is in the vendor's document where no boolean may be, so that it does not load.
var strayRequired = regexp.MustCompile(`(?m)^ +required: true\n( +style: deepObject\n)`)

// newContract reads the document of testdata, or the vendor's own where SUNBULK_VENDOR_OPENAPI names it.
func newContract(t *testing.T) *contract {
	t.Helper()
	text, err := os.ReadFile(cmp.Or(os.Getenv("SUNBULK_VENDOR_OPENAPI"), "testdata/openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(strayRequired.ReplaceAll(text, []byte("$1")))
	if err != nil {
		t.Fatal(err)
	}
	doc.Servers = openapi3.Servers{{URL: "/"}}
	doc.Security = nil
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	return &contract{router: router, doc: doc, seen: map[string]bool{}}
}

// RoundTrip makes the call, and fails it where the document does not allow the request or the answer.
func (c *contract) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx := context.Background()
	asked := r.Clone(ctx)
	asked.URL.Scheme, asked.URL.Host, asked.Host = "", "", ""
	route, path, err := c.router.FindRoute(asked)
	if err != nil {
		return nil, fmt.Errorf("contract: %s %s: %w", r.Method, r.URL.Path, err)
	}
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r.Body, asked.Body = io.NopCloser(bytes.NewReader(body)), io.NopCloser(bytes.NewReader(body))
	}
	in := &openapi3filter.RequestValidationInput{
		Request: asked, PathParams: path, Route: route, Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc},
	}
	if err := openapi3filter.ValidateRequest(ctx, in); err != nil {
		return nil, fmt.Errorf("contract: request: %w", err)
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	res.Body = io.NopCloser(bytes.NewReader(body))
	out := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: res.StatusCode, Header: res.Header, Body: io.NopCloser(bytes.NewReader(body)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}
	if err := openapi3filter.ValidateResponse(ctx, out); err != nil {
		return nil, fmt.Errorf("contract: answer: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen[fmt.Sprint(route.Operation.OperationID, " ", res.StatusCode)] = true
	return res, nil
}

// Every call on users and conversations, and what the simulator answers, is as the vendor's document has it.
func TestCallsKeepToTheVendorsDocument(t *testing.T) {
	t.Parallel()
	sim := suncotest.New(suncotest.Config{World: suncotest.World{Users: []suncotest.User{
		{ID: "5e9cb90245f8d1d8144ef6a3", ExternalID: "ann", Conversations: someConversations(30)}, {ID: "5e9cb90245f8d1d8144ef6a4", ExternalID: "bob", BrandID: "b1"},
	}}})
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	c := newContract(t)
	api, err := sunco.New("app1", sunco.Config{BaseURL: server.URL, Auth: sunco.Token("any"), Transport: c})
	if err != nil {
		t.Fatal(err)
	}
	ctx, retained := t.Context(), true
	new := sunco.UserCreate{
		ExternalID: "cy/é", BrandID: "b2", SignedUpAt: "2026-01-02T03:04:05.000Z", ToBeRetained: &retained, Metadata: json.RawMessage(`{"vip":true,"n":1}`),
		Profile: &sunco.Profile{GivenName: "Cy", Surname: "É", Email: "cy@example.org", Locale: "fr-FR"},
	}
	cy, err := api.CreateUser(ctx, new, 0)
	if err != nil || cy.ID == "" || cy.ExternalID != new.ExternalID {
		t.Fatalf("made user: got %+v, %v", cy, err)
	}
	_, err = api.CreateUser(ctx, new, 0)
	wantCode(t, "the user again", err, "conflict")
	if got, err := api.User(ctx, new.ExternalID, sunco.Query{BrandID: "b2"}); err != nil || got != cy {
		t.Errorf("user: got %+v, %v, want %+v", got, err, cy)
	}
	_, err = api.User(ctx, "nobody", sunco.Query{})
	wantCode(t, "an unknown user", err, "user_not_found")

	for _, who := range []sunco.Participant{{UserExternalID: "ann"}, {UserID: "5e9cb90245f8d1d8144ef6a3"}} {
		if all := conversations(t, api, who, sunco.ListQuery{PageSize: 7}); len(all) != 30 || !all[0].Default || all[1].Default || all[0].Type != sunco.TypePersonal || all[0].LastUpdatedAt.IsZero() {
			t.Errorf("conversations of %+v: got %d, the first %+v", who, len(all), all[0])
		}
	}
	_, err = api.Conversations(sunco.Participant{UserExternalID: "bob"}, sunco.ListQuery{}).Next(ctx) // he is of a brand
	wantCode(t, "conversations of an unknown user", err, "user_not_found")

	create := sunco.ConversationCreate{Type: sunco.TypePersonal, Participants: []sunco.Participant{{UserID: cy.ID}}, DisplayName: "Support", Metadata: json.RawMessage(`{"sunbulk":"J/1"}`)}
	made, err := api.CreateConversation(ctx, create, 0)
	if err != nil || made.ID == "" || !made.Default || made.Metadata["sunbulk"] != "J/1" {
		t.Fatalf("made conversation: got %+v, %v", made, err)
	}
	if got, err := api.Conversation(ctx, made.ID, 0); err != nil || got.ID != made.ID || got.Metadata["sunbulk"] != "J/1" {
		t.Errorf("conversation: got %+v, %v, want %+v", got, err, made)
	}
	_, err = api.Conversation(ctx, "5e9cb90245f8d1d8144ef6ff", 0)
	wantCode(t, "an unknown conversation", err, "conversation_not_found")
	create.Participants[0].UserID = "5e9cb90245f8d1d8144ef6ff"
	_, err = api.CreateConversation(ctx, create, 0)
	wantCode(t, "a conversation of nobody", err, "user_not_found")

	for _, want := range []string{
		"CreateUser 201", "CreateUser 409", "GetUser 200", "GetUser 404", "ListConversations 200", "ListConversations 404", "CreateConversation 201",
		"CreateConversation 404", "GetConversation 200", "GetConversation 404",
	} {
		if !c.seen[want] {
			t.Errorf("no call was answered %s: got %v", want, c.seen)
		}
	}
}

func wantCode(t *testing.T, what string, err error, code string) {
	t.Helper()
	if e, ok := sunco.AsError(err); !ok || e.Code != code {
		t.Errorf("%s: got error %v, want %s", what, err, code)
	}
}

func someConversations(n int) (all []suncotest.Conversation) {
	for i := range n {
		all = append(all, suncotest.Conversation{ID: fmt.Sprintf("64bd7627041e7ec5002f%04d", i)})
	}
	return all
}

func conversations(t *testing.T, api *sunco.API, who sunco.Participant, query sunco.ListQuery) (all []sunco.Conversation) {
	t.Helper()
	for pages := api.Conversations(who, query); pages.More(); {
		page, err := pages.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page...)
	}
	return all
}

// The simulator's own answers that no call of sunco brings about.
func TestAnswersOnUsersAndConversations(t *testing.T) {
	t.Parallel()
	const users, chats = "/v2/apps/app1/users", "/v2/apps/app1/conversations"
	personal := func(participants string) string { return `{"type":"personal","participants":[` + participants + `]}` }
	tests := []struct{ name, method, path, body, want string }{
		{"user by id", "GET", users + "/u1", "", "200"},
		{"user by external id", "GET", users + "/ann", "", "200"},
		{"user in a brand", "GET", users + "/ann?brandId=b1", "", "200"},
		{"unknown user", "GET", users + "/u9", "", "404 user_not_found"},
		{"new user", "POST", users, `{"externalId":"new"}`, "201"},
		{"new user without external id", "POST", users, `{}`, "201"},
		{"user that is there", "POST", users, `{"externalId":"ann"}`, "409 conflict"},
		{"the same external id in another brand", "POST", users, `{"externalId":"ann","brandId":"b2"}`, "201"},
		{"user with an empty external id", "POST", users, `{"externalId":""}`, "400 bad_request"},
		{"user with a long external id", "POST", users, `{"externalId":"` + strings.Repeat("x", 1025) + `"}`, "400 bad_request"},
		{"user with nested metadata", "POST", users, `{"externalId":"new","metadata":{"a":{}}}`, "400 bad_request"},
		{"user with large metadata", "POST", users, `{"externalId":"new","metadata":{"a":"` + strings.Repeat("x", 4096) + `"}}`, "400 bad_request"},
		{"user, no JSON", "POST", users, `{`, "400 bad_request"},
		{"user, profile is no object", "POST", users, `{"externalId":"new","profile":1}`, "400 bad_request"},
		{"conversations by id", "GET", chats + "?filter[userId]=u1", "", "200"},
		{"conversations by external id", "GET", chats + "?filter[userExternalId]=ann", "", "200"},
		{"conversations, an id is no external id", "GET", chats + "?filter[userId]=ann", "", "404 user_not_found"},
		{"conversations of nobody", "GET", chats, "", "400 bad_request"},
		{"conversations of two", "GET", chats + "?filter[userId]=u1&filter[userExternalId]=ann", "", "400 bad_request"},
		{"conversations, size too large", "GET", chats + "?filter[userId]=u1&page[size]=101", "", "400 bad_request"},
		{"conversations, foreign cursor", "GET", chats + "?filter[userId]=u1&page[after]=zzzzzzzzzzzzzzzzzzzzzzzz", "", "400 bad_request"},
		{"new conversation", "POST", chats, personal(`{"userId":"u1"}`), "201"},
		{"new group", "POST", chats, `{"type":"sdkGroup"}`, "201"},
		{"conversation of no type", "POST", chats, `{"participants":[{"userId":"u1"}]}`, "400 bad_request"},
		{"conversation of nobody", "POST", chats, personal(""), "400 bad_request"},
		{"conversation of two", "POST", chats, personal(`{"userId":"u1"},{"userId":"u2"}`), "400 bad_request"},
		{"conversation of somebody unknown", "POST", chats, personal(`{"userExternalId":"u9"}`), "404 user_not_found"},
		{"conversation, no participant named", "POST", chats, personal(`{}`), "400 bad_request"},
		{"conversation", "GET", chats + "/c1", "", "200"},
		{"unknown conversation", "GET", chats + "/c9", "", "404 conversation_not_found"},
		{"participants", "GET", chats + "/c1/participants", "", "200"},
		{"participants of an unknown conversation", "GET", chats + "/c9/participants", "", "404 conversation_not_found"},
		{"participants, size too small", "GET", chats + "/c1/participants?page[size]=0", "", "400 bad_request"},
		{"another method", "DELETE", chats + "/c1", "", "404 not_found"},
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

// In a lenient world a user has one conversation, and one made by a call is the second.
func TestConversationsOfALenientWorld(t *testing.T) {
	t.Parallel()
	sim := suncotest.New(suncotest.Config{})
	api := connect(t, sim)
	anyone := sunco.Participant{UserExternalID: "anyone"}
	first := conversations(t, api, anyone, sunco.ListQuery{})
	if _, err := api.CreateConversation(t.Context(), sunco.ConversationCreate{Type: sunco.TypePersonal, Participants: []sunco.Participant{anyone}}, 0); err != nil {
		t.Fatal(err)
	}
	both := conversations(t, api, anyone, sunco.ListQuery{})
	if stats := sim.Stats(); len(first) != 1 || !first[0].Default || len(both) != 2 || both[0].ID != first[0].ID || both[1].Default || stats.SecondConversations != 1 {
		t.Errorf("got %+v, then %+v, %d second ones", first, both, stats.SecondConversations)
	}
	user, err := api.User(t.Context(), "anyone", sunco.Query{BrandID: "b"})
	if err != nil {
		t.Fatal(err)
	}
	if branded := conversations(t, api, sunco.Participant{UserID: user.ID}, sunco.ListQuery{}); len(branded) != 1 || branded[0].ID == first[0].ID {
		t.Errorf("of the user of a brand: got %+v, want one of its own", branded)
	}
	if _, err := api.CreateUser(t.Context(), sunco.UserCreate{ExternalID: "unknown-1"}, 0); err != nil {
		t.Error(err)
	}
	if left := conversations(t, api, sunco.Participant{UserExternalID: "unknown-1"}, sunco.ListQuery{}); len(left) != 0 || sim.Stats().Users != 1 {
		t.Errorf("of a user just made: got %+v, %d users made", left, sim.Stats().Users)
	}
}

// A conversation that several users of a world name has all of them as participants.
func TestConversationOfSeveralUsers(t *testing.T) {
	t.Parallel()
	const in = `{"users":[{"id":"u1","conversations":["c1","c2"]},{"id":"u2","conversations":["c3","c1"]},{"id":"u3","conversations":["c1"]}],"integrations":[{"id":"i1","type":"sdk"}]}`
	world, err := suncotest.LoadWorld(strings.NewReader(in))
	if err != nil {
		t.Fatal(err)
	}
	api := connect(t, suncotest.New(suncotest.Config{World: world}))
	for user, want := range map[string]string{"u1": "c1 c2", "u2": "c1 c3", "u3": "c1"} {
		var ids []string
		for _, c := range conversations(t, api, sunco.Participant{UserID: user}, sunco.ListQuery{PageSize: 1}) {
			ids = append(ids, c.ID)
		}
		if got := strings.Join(ids, " "); got != want {
			t.Errorf("%s: got %q, want %q", user, got, want)
		}
	}
}
