package web_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/internal/web"
)

// holds is what each role may do: written down here once more, so that a change of the service is seen.
var holds = map[service.Role][]string{
	"": nil, service.Viewer: {"see"}, service.Approver: {"see", "people", "approve", "acts"}, service.Operator: {"see", "people", "operate", "acts"}, service.Admin: {"see", "people", "operate", "approve", "acts"},
}

// ask is what a request of the matrix needs: the right, and a body with which the use case is reached.
type ask struct{ right, body string }

// asks are those of each route that is not open. A route that is missing here fails the test.
var asks = map[string]ask{
	"POST /v1/uploads": {"operate", "user"}, "GET /v1/uploads/{upload}": {"operate", ""}, "POST /v1/plans": {"operate", `{"upload": "{upload}", "app": "` + app + `", "op": "list"}`},
	"GET /v1/plans": {"see", ""}, "GET /v1/plans/{plan}": {"see", ""}, "POST /v1/plans/{plan}/ask": {"operate", `{"digest": "x"}`}, "GET /v1/approvals": {"see", ""},
	"POST /v1/approvals": {"approve", `{"plan": "{plan}", "digest": "x"}`}, "POST /v1/jobs": {"operate", `{"plan": "{plan}"}`}, "GET /v1/jobs": {"see", ""}, "GET /v1/jobs/{job}": {"see", ""},
	"GET /v1/jobs/{job}/rows": {"see", ""}, "GET /v1/jobs/{job}/rows/{row}": {"see", ""}, "GET /v1/jobs/{job}/events": {"see", ""}, "GET /v1/jobs/{job}/report": {"see", ""},
	"GET /v1/jobs/{job}/report/{file}": {"people", ""}, "POST /v1/jobs/{job}/pause": {"operate", `{}`}, "POST /v1/jobs/{job}/resume": {"operate", `{}`}, "POST /v1/jobs/{job}/cancel": {"operate", `{}`},
	"POST /v1/jobs/{job}/retry": {"operate", `{}`}, "GET /v1/apps/{app}/rate": {"see", ""}, "PUT /v1/apps/{app}/rate": {"operate", `{"rate": "5"}`}, "GET /v1/runs": {"see", ""}, "GET /v1/runs/{run}": {"see", ""},
	"GET /v1/schedules": {"see", ""}, "GET /v1/schedules/{schedule}": {"see", ""}, "GET /v1/audit": {"acts", ""}, "GET /v1/workers": {"see", ""}, "GET /workers": {"see", ""},
	"GET /v1/mappings": {"operate", ""}, "GET /v1/mappings/{app}/{name}": {"operate", ""}, "PUT /v1/mappings/{app}/{name}": {"operate", `{}`}, "DELETE /v1/mappings/{app}/{name}": {"operate", ""},
	"GET /mappings": {"operate", ""}, "POST /mappings/{app}/{name}/remove": {"operate", "a=b"},
	"GET /new": {"operate", ""}, "POST /new": {"operate", "a=b"}, "GET /new/{upload}": {"operate", ""}, "POST /new/{upload}": {"operate", "app=" + app}, "GET /plans": {"see", ""}, "GET /plans/{plan}": {"see", ""},
	"POST /plans/{plan}/ask": {"operate", "digest=x"}, "POST /plans/{plan}/approve": {"approve", "digest=x"}, "POST /plans/{plan}/refuse": {"approve", "digest=x"}, "POST /plans/{plan}/start": {"operate", "reason="},
	"GET /jobs": {"see", ""}, "GET /jobs/{job}": {"see", ""}, "GET /jobs/{job}/rows": {"see", ""}, "GET /jobs/{job}/rows/{row}": {"see", ""}, "GET /jobs/{job}/report.html": {"see", ""},
	"GET /jobs/{job}/files/{file}": {"people", ""}, "POST /jobs/{job}/pause": {"operate", "reason="}, "POST /jobs/{job}/resume": {"operate", "reason="}, "POST /jobs/{job}/rate": {"operate", "rate=5"},
	"GET /jobs/{job}/cancel": {"operate", ""}, "POST /jobs/{job}/cancel": {"operate", "confirm={job}"}, "GET /jobs/{job}/retry": {"operate", ""}, "POST /jobs/{job}/retry": {"operate", "confirm=0"},
	"GET /v1/runbooks": {"people", ""}, "GET /v1/runbooks/{file}": {"people", ""}, "POST /v1/runs": {"operate", `{"plan": "{plan}"}`}, "GET /runbooks": {"people", ""}, "GET /runbooks/{file}": {"people", ""},
	"POST /runbooks/{file}": {"operate", "a=b"}, "GET /runbooks/{file}/{upload}": {"operate", ""}, "POST /runbooks/{file}/{upload}": {"operate", "app=" + app},
	"GET /runs": {"see", ""}, "GET /runs/{run}": {"see", ""}, "GET /schedules": {"see", ""}, "GET /schedules/{schedule}": {"see", ""}, "GET /audit": {"acts", ""},
}

// TestRoleMatrix asks for every route with every role, by token and signed in at an OpenID provider, with none, and with a token that nobody
// knows.
func TestRoleMatrix(t *testing.T) {
	t.Parallel()
	file, secrets := tokens(t)
	m := provider(t)
	b := newBench(t, guarded(t, file), byOIDC(m, m.Issuer()))
	who := map[service.Role][]func(*http.Request){}
	for _, role := range append(service.Roles(), "") {
		w := newBrowser(b)
		w.get(w.toProvider(m, user("ann@example.com", string(role))))
		session := w.cookies["sunbulk_session"]
		who[role] = append(who[role], func(r *http.Request) { r.AddCookie(session) })
		if role != "" {
			who[role] = append(who[role], bearer(secrets[role]))
		}
	}
	job, upload := b.lists(app), b.upload("user\ncustomer-9\n", bearer(secrets[service.Operator]))
	var plan planned
	b.json(&plan, 201, "POST", "/v1/plans", `{"upload": "`+upload+`", "app": "`+app+`", "op": "list"}`, bearer(secrets[service.Operator]))
	fill := strings.NewReplacer("{job}", job.ID, "{row}", "1", "{file}", "results.csv", "{app}", app, "{run}", job.ID, "{schedule}", "none", "{name}", "weekly", "{plan}", plan.Plan, "{upload}", upload, "{$}", "")
	left := maps.Clone(asks)
	for _, route := range web.Routes() {
		path := fill.Replace(route.Path)
		if strings.HasSuffix(path, "/events") {
			path = strings.Replace(path, job.ID, "20200101-000000-aaaa", 1) // or it would not end
		}
		a, known := left[route.Method+" "+route.Path]
		delete(left, route.Method+" "+route.Path)
		if route.Open {
			if got := b.asks(route.Method, path, "").StatusCode; got == 403 || got == 401 && path != "/login" {
				t.Errorf("%s %s: got %d for nobody, and it is for everybody", route.Method, path, got)
			}
			continue
		}
		if !known {
			t.Errorf("%s %s: the matrix does not know it", route.Method, route.Path)
		}
		ask := func(change ...func(*http.Request)) int {
			if a.body == "user" {
				change = append(change, header("Content-Type", "text/csv"))
			}
			return b.asks(route.Method, path, fill.Replace(a.body), change...).StatusCode
		}
		want := 401
		if !strings.HasPrefix(path, "/v1/") && route.Method == "GET" {
			want = 303 // to the page that asks for a token
		}
		for name, got := range map[string]int{
			"nobody": ask(), "a foreign token": ask(bearer("sunbulk_none")), "an empty one": ask(bearer("")), "basic": ask(func(r *http.Request) { r.SetBasicAuth("ann", secrets[service.Admin]) }),
			"a foreign session": ask(func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "sunbulk_session", Value: "none"}) }),
		} {
			if got != want {
				t.Errorf("%s %s by %s: got %d, want %d", route.Method, path, name, got, want)
			}
		}
		for role, ways := range who {
			for _, as := range ways {
				got := ask(as)
				if may := slices.Contains(holds[role], a.right); may && (got == 401 || got == 403) || !may && got != 403 {
					t.Errorf("%s %s by %q: got %d, and it may: %v", route.Method, path, role, got, may)
				}
			}
		}
	}
	if len(left) > 0 {
		t.Errorf("there are no such routes: %v", slices.Collect(maps.Keys(left)))
	}
}
