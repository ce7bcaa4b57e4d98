package browser

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/oauth2-proxy/mockoidc"
)

// provider starts an OpenID provider, and returns the flags of a console at which its people are operators.
func provider(t *testing.T) (flags []string, stop func()) {
	t.Helper()
	m, err := mockoidc.Run()
	if err != nil {
		t.Fatal(err)
	}
	groups := filepath.Join(t.TempDir(), "groups.json")
	if err := os.WriteFile(groups, []byte(`{"groups": [{"group": "engineering", "role": "operator"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SUNBULK_OIDC_CLIENT_SECRET", m.ClientSecret)
	return []string{"--oidc-issuer", m.Issuer(), "--oidc-client-id", m.ClientID, "--oidc-scopes", "email,groups", "--groups", groups}, func() { _ = m.Shutdown() }
}

// signInAtProvider signs in at the provider, which is another site for the browser: the session's strict cookie comes into use all the same.
// Then the provider stops.
func (w *window) signInAtProvider(stop func()) {
	w.Helper()
	there := strings.Replace(w.url, "127.0.0.1", "localhost", 1)
	w.do(chromedp.Navigate(there + "/login?to=/plans"))
	w.heading("Sign in")
	w.look("login")
	w.do(chromedp.Navigate(script[string](w, `document.querySelector("main a.button").href`)))
	w.heading("Plans")
	if who := script[string](w, `document.querySelector(".actor").textContent`); !strings.Contains(who, "jane.doe@example.com") {
		w.Errorf("the page is that of %q", who)
	}
	w.do(chromedp.Navigate(there + "/oidc/callback?code=x&state=y"))
	w.heading("Bad Request")
	w.look("sign-in-refused")
}

// planRun plans a run of the runbook of the samples.
func (w *window) planRun(dir string) {
	w.Helper()
	file := filepath.Join(dir, "users.csv")
	if err := os.WriteFile(file, []byte("user\ncustomer-1\ncustomer-2\n"), 0o600); err != nil {
		w.Fatal(err)
	}
	w.do(chromedp.Navigate(w.url + "/runbooks/remove-blocked.yaml"))
	w.heading("Runbook remove-blocked")
	w.do(chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{file}))
	w.enter("main button", "Upload", "Run remove-blocked")
	w.look("runbook-input")
	w.enter("main button", "Make the plan", "Plan of users.csv")
	w.look("plan-run")
}

// route is a page as routes.go of the console has it.
var route = regexp.MustCompile(`\{"GET", "(/[^"]*)", (?:open|signed), (\w+)`)

// noPages are routes that show nothing by themselves, and report.html, in which no script runs, axe-core's neither.
var noPages = []string{"/v1/", "/static/", "/healthz", "/{$}", "/oidc/login", "/files/", "/report.html"}

// lookedAtAll holds the pages that were looked at to the routes that there are, so that none is forgotten.
func (w *window) lookedAtAll() {
	w.Helper()
	source, err := os.ReadFile(filepath.Join(root, "internal/web/routes.go"))
	if err != nil {
		w.Fatal(err)
	}
	pages := 0
	for _, m := range route.FindAllStringSubmatch(string(source), -1) {
		skip := false
		for _, part := range noPages {
			skip = skip || strings.Contains(m[1], part)
		}
		if skip {
			continue
		}
		pages++
		pattern := regexp.MustCompile("^" + regexp.MustCompile(`\\\{\w+\\\}`).ReplaceAllString(regexp.QuoteMeta(m[1]), "[^/]+") + "$")
		found := false
		for path := range w.seen {
			found = found || pattern.MatchString(path)
		}
		if !found {
			w.Errorf("axe-core did not look at the page %s", m[1])
		}
	}
	if pages < 15 {
		w.Errorf("routes.go has only %d pages: this test cannot read it", pages)
	}
}
