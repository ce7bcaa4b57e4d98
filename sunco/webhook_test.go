package sunco_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/sunco"
)

func TestWebhooks(t *testing.T) {
	var path string
	api := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path = r.Method + " " + r.URL.EscapedPath()
		answer(200, "application/json", `{"webhooks":[{"id":"h1","version":"v1.1","target":"https://a.example/","triggers":["client:add",7,null],"secret":"s","more":{}},{}]}`)(w, r)
	}))
	got, err := api.Webhooks(t.Context(), "i/1")
	if err != nil {
		t.Fatal(err)
	}
	want := []sunco.Webhook{{ID: "h1", Version: "v1.1", Target: "https://a.example/", Triggers: []string{"client:add", "7", ""}, Secret: "s"}, {}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if want := "GET /v2/apps/app1/integrations/i%2F1/webhooks"; path != want {
		t.Errorf("got %s, want %s", path, want)
	}
}

// An answer without a list, and a page of a proxy, must not pass for the absence of webhooks or for a removal.
func TestWebhooksUnreadable(t *testing.T) {
	for _, body := range []string{`{}`, `{"webhooks":null}`, `{"webhooks":{}}`, `<html>`, `[]`} {
		api := serve(t, answer(200, "application/json", body))
		_, err := api.Webhooks(t.Context(), "i1")
		if e := asError(t, err); e.Status != 200 || !e.Sent {
			t.Errorf("%s: got %+v", body, e)
		}
		_, err = api.Integrations(sunco.ListQuery{}, sunco.TypeCustom).Next(t.Context())
		if e := asError(t, err); e.Status != 200 || !e.Sent {
			t.Errorf("integrations, %s: got %+v", body, e)
		}
	}
	api := serve(t, answer(200, "text/html", "<html>"))
	if e := asError(t, api.DeleteWebhook(t.Context(), "i1", "h1")); e.Status != 200 {
		t.Errorf("removal: got %+v", e)
	}
}

// An id of dots would lead to the integration or to the app.
func TestWebhookOfAnIDOfDots(t *testing.T) {
	api := serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a call was made") }))
	for _, ids := range [][2]string{{"i1", ".."}, {"..", "h1"}, {"i1", ""}, {"", "h1"}} {
		if err := api.DeleteWebhook(t.Context(), ids[0], ids[1]); !errors.Is(err, sunco.ErrInvalid) {
			t.Errorf("%q: got %v", ids, err)
		}
	}
}
