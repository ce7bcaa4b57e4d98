package suncotest_test

import (
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/sunco"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
)

// Every call on custom integrations and their webhooks, and what the simulator answers, is as the vendor's document has it.
func TestWebhookCallsKeepToTheVendorsDocument(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(suncotest.New(suncotest.Config{World: suncotest.World{Lenient: true, Integrations: []suncotest.Integration{{ID: "wa", Type: "whatsapp"}}}}))
	t.Cleanup(server.Close)
	c := newContract(t)
	api, err := sunco.New("app1", sunco.Config{BaseURL: server.URL, Auth: sunco.Token("any"), Transport: c})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	create := sunco.WebhookCreate{Target: "https://hooks.example.org/x", Triggers: []string{"client:add"}}
	for range 30 { // more than a page of 25
		if _, err := api.CreateCustomIntegration(ctx, "sunbulk", create); err != nil {
			t.Fatal(err)
		}
	}
	var all []sunco.Integration
	for pages := api.Integrations(sunco.ListQuery{PageSize: 25}, sunco.TypeCustom); pages.More(); {
		page, err := pages.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page...)
	}
	if len(all) != 30 || all[29].Type != sunco.TypeCustom || all[29].DisplayName != "sunbulk" {
		t.Fatalf("integrations: got %d, the last %+v", len(all), all[len(all)-1])
	}
	in := all[29].ID
	hooks, err := api.Webhooks(ctx, in)
	if err != nil || len(hooks) != 1 || hooks[0].Secret == "" || hooks[0].Version != "v2" || hooks[0].Target != create.Target {
		t.Fatalf("webhooks: got %d, %v", len(hooks), err)
	}
	_, err = api.CreateWebhook(ctx, in, create)
	wantCode(t, "a second webhook", err, "bad_request")
	want := hooks[0]
	want.Triggers = []string{"client:add", "user:merge"}
	got, err := api.SetTriggers(ctx, in, hooks[0].ID, want.Triggers)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("triggers: %v (-want +got):\n%s", err, diff)
	}
	if err := api.DeleteWebhook(ctx, in, want.ID); err != nil {
		t.Error(err)
	}
	wantCode(t, "removed twice", api.DeleteWebhook(ctx, in, want.ID), "not_found")
	_, err = api.SetTriggers(ctx, in, want.ID, want.Triggers)
	wantCode(t, "triggers of a removed one", err, "not_found")
	if left, err := api.Webhooks(ctx, in); err != nil || len(left) != 0 {
		t.Errorf("after the removal: got %d, %v", len(left), err)
	}
	if made, err := api.CreateWebhook(ctx, in, create); err != nil || made.ID == want.ID || made.Secret == want.Secret {
		t.Errorf("made once more: %v", err)
	}
	_, err = api.Webhooks(ctx, "wa")
	wantCode(t, "webhooks of a channel", err, "forbidden")
	_, err = api.Webhooks(ctx, "5e4af71a0000000000000fff")
	wantCode(t, "webhooks of an unknown integration", err, "integration_not_found")
	_, err = api.CreateCustomIntegration(ctx, "", sunco.WebhookCreate{Target: "nowhere", Triggers: []string{"client:add"}})
	wantCode(t, "a target that is none", err, "bad_request")

	for _, want := range []string{
		"CreateIntegration 201", "CreateIntegration 400", "ListIntegrations 200", "ListWebhooks 200", "ListWebhooks 403", "ListWebhooks 404", "CreateWebhook 201",
		"CreateWebhook 400", "UpdateWebhook 200", "UpdateWebhook 404", "DeleteWebhook 200", "DeleteWebhook 404",
	} {
		if !c.seen[want] {
			t.Errorf("no call was answered %s: got %v", want, c.seen)
		}
	}
}

// The calls that show an app and its integrations, and what the simulator answers, are as the vendor's document has it.
func TestCallsOnAppAndIntegrationsKeepToTheVendorsDocument(t *testing.T) {
	t.Parallel()
	world := suncotest.World{Integrations: []suncotest.Integration{
		{ID: "5f1a0c52d8b7e4000c3a9e02", Type: "whatsapp", DisplayName: "Shop ES", PhoneNumber: "34600123456", Status: "error"},
		{ID: "5f1a0c52d8b7e4000c3a9e03", Type: "mailgun", DisplayName: "Post"},
		{ID: "5f1a0c52d8b7e4000c3a9e04", Type: "web"},
	}}
	server := httptest.NewServer(suncotest.New(suncotest.Config{AppID: "app1", World: world}))
	t.Cleanup(server.Close)
	c := newContract(t)
	connect := func(app string) *sunco.API {
		api, err := sunco.New(app, sunco.Config{BaseURL: server.URL, Auth: sunco.Token("any"), Transport: c})
		if err != nil {
			t.Fatal(err)
		}
		return api
	}
	ctx, api, several := t.Context(), connect("app1"), true
	app, err := api.AppDetails(ctx)
	if diff := cmp.Diff(sunco.AppDetails{ID: "app1", DisplayName: "Demo app", MultiConversation: &several}, app); err != nil || diff != "" {
		t.Errorf("app: %v (-want +got):\n%s", err, diff)
	}
	wantCode(t, "another app", connect("app2").App(ctx), "app_not_found")

	want := []sunco.Integration{
		{ID: "5f1a0c52d8b7e4000c3a9e02", Type: "whatsapp", DisplayName: "Shop ES", PhoneNumber: "34600123456", Status: "error"},
		{ID: "5f1a0c52d8b7e4000c3a9e03", Type: "mailgun", DisplayName: "Post", Status: "active"},
		{ID: "5f1a0c52d8b7e4000c3a9e04", Type: "web", Status: "active"},
	}
	if diff := cmp.Diff(want, integrations(t, api.Integrations(sunco.ListQuery{PageSize: 1}))); diff != "" {
		t.Errorf("all integrations (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want[:2], integrations(t, api.Integrations(sunco.ListQuery{}, "mailgun", "whatsapp"))); diff != "" {
		t.Errorf("integrations of two types (-want +got):\n%s", diff)
	}
	got, err := api.Integration(ctx, want[0].ID)
	if diff := cmp.Diff(want[0], got); err != nil || diff != "" {
		t.Errorf("one integration: %v (-want +got):\n%s", err, diff)
	}
	_, err = api.Integration(ctx, "5f1a0c52d8b7e4000c3a9eff")
	wantCode(t, "an unknown integration", err, "integration_not_found")

	for _, want := range []string{"GetApp 200", "GetApp 404", "ListIntegrations 200", "GetIntegration 200", "GetIntegration 404"} {
		if !c.seen[want] {
			t.Errorf("no call was answered %s: got %v", want, c.seen)
		}
	}
	sim := suncotest.New(suncotest.Config{World: world})
	if got := short(ask(sim, "GET", "/v2/apps/app1/integrations?page[size]=0", "")); got != "400 bad_request" {
		t.Errorf("a page of none: got %s", got)
	}
}

func integrations(t *testing.T, pages *sunco.IntegrationPages) (all []sunco.Integration) {
	t.Helper()
	for pages.More() {
		page, err := pages.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page...)
	}
	return all
}
