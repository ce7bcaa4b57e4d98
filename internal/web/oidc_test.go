package web_test

import (
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/oauth2-proxy/mockoidc"

	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/internal/web"
)

// TestOIDC: who signs in at the provider may do what the role of their groups lets them, under their name, until they sign out.
func TestOIDC(t *testing.T) {
	t.Parallel()
	m := provider(t)
	b := newBench(t, byOIDC(m, m.Issuer()))
	job, other := b.lists(app), b.lists("other")
	w := newBrowser(b)
	if to := w.get("/jobs").Header.Get("Location"); to != "/login?to=%2Fjobs" {
		t.Errorf("somebody unknown is sent to %q", to)
	}
	if page := body(t, w.get("/login")); !strings.Contains(page, "/oidc/login") || strings.Contains(page, `name="secret"`) {
		t.Errorf("the page does not lead to the provider, or asks for tokens that there are none of:\n%s", page)
	}
	asked, _ := url.Parse(w.get("/oidc/login").Header.Get("Location"))
	if q := asked.Query(); q.Get("code_challenge_method") != "S256" || len(q.Get("code_challenge")) < 43 || len(q.Get("state")) < 20 || len(q.Get("nonce")) < 20 || q.Get("scope") != "openid email groups" || q.Get("redirect_uri") != b.url+"/oidc/callback" {
		t.Errorf("the provider is asked by %v", q)
	}
	resp := w.get(w.toProvider(m, user("ann@example.com", "staff", "operator")))
	if page := body(t, resp); resp.StatusCode != 200 || !strings.Contains(page, `content="0; url=/plans"`) {
		t.Fatalf("got %d: %s", resp.StatusCode, page)
	}
	if c := w.cookies["sunbulk_session"]; c == nil || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.MaxAge < 590 || c.MaxAge > 600 || len(w.cookies) != 1 {
		t.Fatalf("the cookies are %v", w.cookies)
	}
	if got := w.ask("POST", "/v1/jobs/"+job.ID+"/pause", `{}`).StatusCode; got != 200 {
		t.Errorf("an operator pauses: got %d", got)
	}
	if got := w.ask("POST", "/v1/approvals", `{}`).StatusCode; got != 403 {
		t.Errorf("an operator approves: got %d", got)
	}
	var page service.AuditPage
	if err := json.Unmarshal([]byte(body(t, w.get("/v1/audit?who=ann@example.com"))), &page); err != nil || len(page.Entries) != 3 || page.Entries[0].What != "forbidden" || page.Entries[2].What != "sign in" {
		t.Errorf("the audit log has %+v, %v", page.Entries, err)
	}
	crm := newBrowser(b)
	crm.get(crm.toProvider(m, user("carl@example.com", "crm")))
	if got := crm.get("/v1/jobs/" + job.ID).StatusCode; got != 404 {
		t.Errorf("another app's job: got %d", got)
	}
	if got := crm.get("/v1/jobs/" + other.ID).StatusCode; got != 200 {
		t.Errorf("the own app's job: got %d", got)
	}
	session := w.cookies["sunbulk_session"]
	resp = w.ask("POST", "/logout", "x=1")
	if page := body(t, resp); resp.StatusCode != 200 || !strings.Contains(page, "https://accounts.example/logout?a=b&amp;client_id="+m.ClientID+"&amp;id_token_hint=ey") || !strings.Contains(page, url.QueryEscape(b.url+"/login")) {
		t.Errorf("after signing out: got %d: %s", resp.StatusCode, page)
	}
	w.cookies["sunbulk_session"] = session
	if got := w.get("/v1/jobs").StatusCode; got != 401 || w.ask("POST", "/jobs/"+job.ID+"/resume", "reason=x").StatusCode != 401 {
		t.Errorf("the session goes on after signing out: got %d", got)
	}
}

// TestOIDCWithoutRights: who signs in without a group that has a role may do nothing, and reads why; a name that is none lets nobody in.
func TestOIDCWithoutRights(t *testing.T) {
	t.Parallel()
	m := provider(t)
	b := newBench(t, byOIDC(m, m.Issuer()))
	for _, groups := range [][]string{nil, {"staff"}, {"Operator"}, {"operator,admin"}} {
		w := newBrowser(b)
		w.get(w.toProvider(m, user("dan@example.com", groups...)))
		for _, path := range []string{"/jobs", "/v1/jobs", "/v1/audit"} {
			resp := w.get(path)
			if text := body(t, resp); resp.StatusCode != 403 || !strings.Contains(text, "no group of dan@example.com has a role here") {
				t.Errorf("%v, %s: got %d: %s", groups, path, resp.StatusCode, text)
			}
		}
	}
	unverified := user("eve@example.com", "admin")
	unverified.EmailVerified = false
	for name, who := range map[string]mockoidc.User{
		"no email": user("", "admin"), "a hostile one": user("<script>@example.com", "admin"), "an unverified one": &claims{unverified, func(c jwt.MapClaims) { c["email_verified"] = false }},
		"groups of another form": &claims{user("a@example.com", "admin"), func(c jwt.MapClaims) { c["groups"] = map[string]any{"admin": true} }},
	} {
		w := newBrowser(b)
		resp := w.get(w.toProvider(m, who))
		if page := body(t, resp); resp.StatusCode != 403 || w.cookies["sunbulk_session"] != nil || strings.Contains(page, "<script>@") {
			t.Errorf("%s: got %d and the cookies %v", name, resp.StatusCode, w.cookies)
		}
	}
}

// TestOIDCProviderAway: while the provider does not answer, the page says so, and tokens are of use; when it does, people sign in.
func TestOIDCProviderAway(t *testing.T) {
	t.Parallel()
	file, secrets := tokens(t)
	m, listener := sleepingProvider(t)
	address := listener.Addr().String()
	listener.Close()
	b := newBench(t, byOIDC(m, "http://"+address+mockoidc.IssuerBase), guarded(t, file))
	w := newBrowser(b)
	resp := w.get("/oidc/login")
	if page := body(t, resp); resp.StatusCode != 503 || !strings.Contains(page, "sign-in service does not answer") || strings.Contains(page, address) {
		t.Errorf("got %d: %s", resp.StatusCode, page)
	}
	b.text(200, "GET", "/v1/jobs", "", bearer(secrets[service.Viewer]))
	if page := body(t, w.get("/login")); !strings.Contains(page, `name="secret"`) || !strings.Contains(page, "Sign in at "+address) {
		t.Errorf("the page does not offer both: %s", page)
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Start(listener, nil); err != nil {
		t.Fatal(err)
	}
	back := w.toProvider(m, user("ann@example.com", "viewer"))
	if err := m.Shutdown(); err != nil {
		t.Fatal(err)
	}
	if resp := w.get(back); resp.StatusCode != 503 || w.cookies["sunbulk_session"] != nil {
		t.Errorf("it is gone before the code is redeemed: got %d", resp.StatusCode)
	}
}

// TestOIDCSessionEnds: a session lasts as long as the ID token, or as --oidc-session says.
func TestOIDCSessionEnds(t *testing.T) {
	t.Parallel()
	m := provider(t)
	b := newBench(t, byOIDC(m, m.Issuer()), func(c *web.Config) { c.OIDC.Lasts = time.Nanosecond })
	w := newBrowser(b)
	w.get(w.toProvider(m, user("ann@example.com", "admin")))
	if got := w.get("/v1/jobs").StatusCode; got != 401 {
		t.Errorf("a session that is over: got %d", got)
	}
	long := newBench(t, byOIDC(m, m.Issuer()), func(c *web.Config) { c.OIDC.Lasts = 8 * time.Hour })
	w = newBrowser(long)
	w.get(w.toProvider(m, user("ann@example.com", "admin")))
	if c := w.cookies["sunbulk_session"]; c == nil || c.MaxAge < 28_000 || w.get("/v1/jobs").StatusCode != 200 {
		t.Errorf("the cookie is %v", c)
	}
}

// TestOIDCBehindAProxy: the provider sends people back to the address that their browser has, and cookies go over TLS alone.
func TestOIDCBehindAProxy(t *testing.T) {
	t.Parallel()
	m := provider(t)
	b := newBench(t, byOIDC(m, m.Issuer()), func(c *web.Config) { c.Prefix, c.Hosts = "/tools/sunbulk", []string{"bulk.example"} })
	for proto, want := range map[string]string{"": "https", "https": "https", "http": "http"} {
		resp := b.asks("GET", "/tools/sunbulk/oidc/login", "", host("bulk.example"), header("X-Forwarded-Proto", proto))
		where, err := url.Parse(resp.Header.Get("Location"))
		if err != nil || where.Query().Get("redirect_uri") != want+"://bulk.example/tools/sunbulk/oidc/callback" {
			t.Errorf("%q: the provider sends people to %s", proto, where)
		}
		if c := resp.Cookies(); len(c) != 1 || c[0].Secure != (want == "https") || c[0].Path != "/tools/sunbulk/oidc/" {
			t.Errorf("%q: the cookies are %v", proto, c)
		}
	}
	b.text(421, "GET", "/tools/sunbulk/oidc/login", "", host("evil.example"))
}
