package service_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/internal/webhook"
	"github.com/sunbulk/sunbulk/sunco"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
)

const hookTarget = "https://hooks.example.org/sunbulk"

// webhookAPI is the simulated API, which answers through wrap where that is not nil.
func webhookAPI(t *testing.T, wrap func(http.Handler) http.Handler) *sunco.API {
	t.Helper()
	var handler http.Handler = suncotest.New(suncotest.Config{})
	if wrap != nil {
		handler = wrap(handler)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	api, err := sunco.New("app1", sunco.Config{BaseURL: server.URL, Auth: sunco.Token("any")})
	if err != nil {
		t.Fatal(err)
	}
	return api
}

func TestInstallWebhookMendsTriggers(t *testing.T) {
	t.Parallel()
	api := webhookAPI(t, nil)
	for _, create := range []sunco.WebhookCreate{
		{Target: "https://other.example.org/", Triggers: []string{"conversation:message"}},
		{Target: hookTarget, Triggers: []string{"conversation:message", "client:add"}},
	} {
		if _, err := api.CreateCustomIntegration(t.Context(), "by hand", create); err != nil {
			t.Fatal(err)
		}
	}
	all, did, err := service.InstallWebhook(t.Context(), api, hookTarget)
	if err != nil || did != service.WebhookMended || len(all) != 1 {
		t.Fatalf("got %d webhooks, %s, %v", len(all), did, err)
	}
	kept, err := service.Webhooks(t.Context(), api, hookTarget)
	want := []string{"conversation:message", "client:add", "client:update", "client:remove", "user:merge"}
	if err != nil || len(kept) != 1 || !slices.Equal(kept[0].Triggers, want) || len(kept[0].Missing) > 0 {
		t.Errorf("got %d webhooks, %v, want one with %v", len(kept), err, want)
	}
	if removed, err := service.RemoveWebhook(t.Context(), api, hookTarget); err != nil || len(removed) != 1 {
		t.Errorf("removed: got %d, %v", len(removed), err)
	}
	if others, err := service.Webhooks(t.Context(), api, "https://other.example.org"); err != nil || len(others) != 1 || !slices.Equal(others[0].Missing, webhook.Triggers()) {
		t.Errorf("another webhook: got %d, %v", len(others), err)
	}
}

// A create whose answer is lost is found by the next install, and nothing is made twice.
func TestInstallWebhookAfterALostAnswer(t *testing.T) {
	t.Parallel()
	creates := 0
	api := webhookAPI(t, func(sim http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/integrations") {
				creates++
				sim.ServeHTTP(httptest.NewRecorder(), r)
				panic(http.ErrAbortHandler)
			}
			sim.ServeHTTP(w, r)
		})
	})
	_, _, err := service.InstallWebhook(t.Context(), api, hookTarget)
	if e, ok := sunco.AsError(err); !ok || !e.Sent {
		t.Fatalf("got %v, want a lost answer", err)
	}
	all, did, err := service.InstallWebhook(t.Context(), api, hookTarget)
	if err != nil || did != service.WebhookUnchanged || len(all) != 1 || all[0].Secret == "" || creates != 1 {
		t.Errorf("got %d webhooks, %s, %v after %d creates", len(all), did, err, creates)
	}
}

// An answer without the list is no empty list: nothing is made because of it.
func TestInstallWebhookMakesNothingWithoutAList(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/integrations", "/webhooks"} {
		posts := 0
		api := webhookAPI(t, func(sim http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.Method == http.MethodPost:
					posts++
				case strings.HasSuffix(r.URL.Path, path):
					w.Write([]byte(`{}`))
					return
				case strings.HasSuffix(r.URL.Path, "/integrations"):
					w.Write([]byte(`{"integrations":[{"id":"i1","type":"custom"}],"meta":{"hasMore":false}}`))
					return
				}
				sim.ServeHTTP(w, r)
			})
		})
		if _, _, err := service.InstallWebhook(t.Context(), api, hookTarget); err == nil || posts != 0 {
			t.Errorf("%s: got %v and %d posts", path, err, posts)
		}
	}
}

// The version of a webhook never changes: one of v1.1 is neither mended nor doubled.
func TestInstallWebhookOfAnOldVersion(t *testing.T) {
	t.Parallel()
	api := webhookAPI(t, func(sim http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rec := httptest.NewRecorder()
			sim.ServeHTTP(rec, r)
			w.WriteHeader(rec.Code)
			w.Write([]byte(strings.ReplaceAll(rec.Body.String(), `"version":"v2"`, `"version":"v1.1"`)))
		})
	})
	if _, err := api.CreateCustomIntegration(t.Context(), "", sunco.WebhookCreate{Target: hookTarget, Triggers: []string{"client:add"}}); err != nil {
		t.Fatal(err)
	}
	all, did, err := service.InstallWebhook(t.Context(), api, hookTarget)
	if err != nil || did != service.WebhookUnchanged || len(all) != 1 || !all[0].Old() || len(all[0].Missing) == 0 {
		t.Errorf("got %+v, %s, %v", all, did, err)
	}
}
