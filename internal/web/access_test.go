package web_test

import (
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/internal/web"
)

// TestReadOnly shows all and changes nothing.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *web.Config) { c.ReadOnly = true })
	job := b.lists(app)
	var p problem
	b.json(&p, 403, "POST", "/v1/jobs/"+job.ID+"/pause", `{}`)
	if p.Code != "read_only" || p.Hint == "" {
		t.Errorf("got %+v", p)
	}
	if page := b.text(200, "GET", "/jobs/"+job.ID, ""); strings.Contains(page, "<button>Pause") {
		t.Error("a page of a read-only console offers a pause")
	}
}

// TestAppsOfAToken: a token with apps sees no other app's jobs, and cannot tell them from none.
func TestAppsOfAToken(t *testing.T) {
	t.Parallel()
	file, secrets := tokens(t)
	secret, err := web.AddToken(file, web.Token{Name: "crm", Role: service.Operator, Apps: []string{"other"}})
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t, guarded(t, file))
	foreign, own := b.lists(app), b.lists("other")
	all := func(secret string) (ids []string) {
		var list struct{ Jobs []struct{ Job string } }
		b.json(&list, 200, "GET", "/v1/jobs", "", bearer(secret))
		for _, j := range list.Jobs {
			ids = append(ids, j.Job)
		}
		return ids
	}
	if got := all(secret); !slices.Equal(got, []string{own.ID}) {
		t.Errorf("the list has %v, want %s alone", got, own.ID)
	}
	if got := all(secrets[service.Viewer]); len(got) != 2 {
		t.Errorf("a token without apps sees %v, want both", got)
	}
	for _, route := range web.Routes() {
		if !strings.Contains(route.Path, "{job}") && !strings.Contains(route.Path, "{app}") {
			continue
		}
		path := strings.NewReplacer("{job}", foreign.ID, "{row}", "1", "{file}", "results.csv", "{app}", app).Replace(route.Path)
		body := ""
		switch {
		case route.Method != "GET" && strings.HasPrefix(path, "/v1/") && strings.HasSuffix(path, "/rate"):
			body = `{"rate": "1"}`
		case route.Method != "GET" && strings.HasPrefix(path, "/v1/"):
			body = `{}`
		case route.Method != "GET":
			body = "rate=1&confirm=" + foreign.ID
		}
		if got := b.asks(route.Method, path, body, bearer(secret)).StatusCode; got != 404 {
			t.Errorf("%s %s: got %d, want 404", route.Method, path, got)
		}
	}
}

// TestTokenFile: what is taken out of the file, or has expired, is refused at once; a file that others may read, too.
func TestTokenFile(t *testing.T) {
	t.Parallel()
	file, secrets := tokens(t)
	expired, err := web.AddToken(file, web.Token{Name: "old", Role: service.Admin, Expires: time.Now().Add(-time.Second)})
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t, guarded(t, file))
	b.text(401, "GET", "/v1/jobs", "", bearer(expired))
	b.text(200, "GET", "/v1/jobs", "", bearer(secrets[service.Viewer]))
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range secrets {
		if strings.Contains(string(data), secret) {
			t.Fatal("the file holds a token itself")
		}
	}
	if err := os.WriteFile(file, []byte(`{"tokens": []}`), 0o600); err != nil {
		t.Fatal(err)
	}
	b.text(401, "GET", "/v1/jobs", "", bearer(secrets[service.Viewer]))
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := web.ReadTokens(file); err == nil {
		t.Error("a file that others may read is taken")
	}
	for _, wrong := range []string{`{`, `{"tokens": [{"name": "a", "role": "king", "sha256": ""}]}`, `{"tokens": [{"name": "a", "role": "admin", "sha256": "00"}]}`, `{"odd": 1}`} {
		_ = os.WriteFile(file, []byte(wrong), 0o600)
		_ = os.Chmod(file, 0o600)
		if _, err := web.ReadTokens(file); err == nil {
			t.Errorf("%s is taken", wrong)
		}
	}
	if _, err := web.AddToken(file+".new", web.Token{Name: "../x", Role: service.Admin}); err == nil {
		t.Error("any name is taken")
	}
}

// TestSession: a browser signs in by a form, its cookie is of no use to scripts or other sites, and after signing out it is none.
func TestSession(t *testing.T) {
	t.Parallel()
	file, secrets := tokens(t)
	b := newBench(t, guarded(t, file))
	if page := b.text(401, "POST", "/login", "secret=wrong&to=/jobs"); !strings.Contains(page, "does not know this token") {
		t.Error("a wrong token is not told")
	}
	in := func(to string) (*http.Cookie, string) {
		resp := b.asks("POST", "/login", url.Values{"secret": {secrets[service.Operator]}, "to": {to}}.Encode())
		if resp.StatusCode != 303 || len(resp.Cookies()) != 1 {
			t.Fatalf("got %d and the cookies %v", resp.StatusCode, resp.Cookies())
		}
		return resp.Cookies()[0], resp.Header.Get("Location")
	}
	for _, to := range []string{"//evil.example", "https://evil.example", `/\evil.example`, "/\r\nSet-Cookie: a=b"} {
		if _, where := in(to); where != "/jobs" {
			t.Errorf("to %q leads to %q", to, where)
		}
	}
	cookie, where := in("/runs")
	if where != "/runs" || !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode || cookie.Path != "/" {
		t.Errorf("got %v, and %s", cookie, where)
	}
	with := func(r *http.Request) { r.AddCookie(cookie) }
	b.text(200, "GET", "/jobs", "", with)
	b.text(200, "GET", "/v1/jobs", "", with)
	b.text(303, "POST", "/logout", "x=1", with)
	b.text(303, "GET", "/jobs", "", with)
	b.text(401, "GET", "/v1/jobs", "", with)
	cookie, _ = in("/jobs")
	_ = os.WriteFile(file, []byte(`{"tokens": []}`), 0o600)
	b.text(401, "GET", "/v1/jobs", "", with)
	secure := b.asks("POST", "/login", "secret=x", func(r *http.Request) { r.Header.Set("Origin", "https://console.example") })
	if secure.StatusCode != 403 {
		t.Errorf("a sign-in from another origin: got %d, want 403", secure.StatusCode)
	}
}
