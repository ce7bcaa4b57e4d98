package sunco_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/sunco"
)

func TestIntegration(t *testing.T) {
	tests := []struct {
		name, body string
		want       sunco.Integration
	}{
		{"whole", `{"integration":{"id":"i1","type":"whatsapp","status":"active","displayName":null}}`, sunco.Integration{ID: "i1", Type: "whatsapp", Status: "active"}},
		{"nothing told", `{"integration":{}}`, sunco.Integration{}},
		{"null", `{"integration":{"id":"i1","type":null}}`, sunco.Integration{ID: "i1"}},
	}
	for _, test := range tests {
		var path string
		api := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			path = r.Method + " " + r.URL.EscapedPath()
			answer(200, "application/json", test.body)(w, r)
		}))
		got, err := api.Integration(t.Context(), "i/1")
		if err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
		if want := "GET /v2/apps/app1/integrations/i%2F1"; path != want {
			t.Errorf("%s: got %s, want %s", test.name, path, want)
		}
	}
}

func TestIntegrationRefused(t *testing.T) {
	tests := []struct {
		name   string
		id     string
		status int
		body   string
		want   sunco.Error
	}{
		{"unknown", "i9", 404, `{"errors":[{"code":"integration_not_found","title":"Integration not found"}]}`,
			sunco.Error{Status: 404, Code: "integration_not_found", Title: "Integration not found", Sent: true}},
		{"scope", "i1", 403, `{"errors":[{"code":"forbidden","title":"Forbidden"}]}`,
			sunco.Error{Status: 403, Code: "forbidden", Title: "Forbidden", Sent: true}},
		{"a list of them", "i1", 200, `{"integrations":[]}`,
			sunco.Error{Status: 200, Title: "answer has an unreadable body: an integration was expected", Sent: true}},
		{"an id of dots", "..%2fx", 200, `{}`, sunco.Error{Title: "integration id is a path of dots or ends in a slash, which a proxy could turn into a different one", Err: sunco.ErrInvalid}},
		{"no id", "", 200, `{}`, sunco.Error{Title: "integration id is empty", Err: sunco.ErrInvalid}},
	}
	for _, test := range tests {
		api := serve(t, answer(test.status, "application/json", test.body))
		_, err := api.Integration(t.Context(), test.id)
		if got := *asError(t, err); got != test.want {
			t.Errorf("%s: got %+v, want %+v", test.name, got, test.want)
		}
	}
}

func TestIntegrationAnswers(t *testing.T) {
	shop := sunco.Integration{ID: "5f1a0c52d8b7e4000c3a9e02", Type: "whatsapp", DisplayName: " Shop 24 ", PhoneNumber: "34600123456"}
	for to, want := range map[string]bool{
		"34600123456": true, "+34 (600) 123-456": true, "shop 24": true, "SHOP 24 ": true, shop.ID: true,
		"": false, " ": false, "24": false, "600123456": false, "Shop": false, "shop 34600123456": false,
	} {
		if got := shop.Answers(to); got != want {
			t.Errorf("%q: got %t", to, got)
		}
	}
	if (sunco.Integration{ID: "i"}).Answers("-") {
		t.Error("an integration without a number has none")
	}
}
