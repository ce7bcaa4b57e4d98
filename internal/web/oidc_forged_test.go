package web_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/oauth2-proxy/mockoidc"
)

// TestOIDCForgedToken: an ID token of another sign-in, client, issuer, time or key lets nobody in.
func TestOIDCForgedToken(t *testing.T) {
	t.Parallel()
	m := provider(t)
	b := newBench(t, byOIDC(m, m.Issuer()))
	past, genuine := time.Now().Add(-time.Hour).Unix(), m.Keypair
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	forger := &mockoidc.Keypair{PrivateKey: other, PublicKey: genuine.PublicKey} // the published key is still the genuine one
	for name, c := range map[string]struct {
		change func(jwt.MapClaims)
		key    *mockoidc.Keypair
		ok     bool
	}{
		"nothing changed": {func(jwt.MapClaims) {}, genuine, true},
		"another nonce":   {func(c jwt.MapClaims) { c["nonce"] = "another" }, genuine, false},
		"no nonce":        {func(c jwt.MapClaims) { delete(c, "nonce") }, genuine, false},
		"another client":  {func(c jwt.MapClaims) { c["aud"] = "another" }, genuine, false},
		"another issuer":  {func(c jwt.MapClaims) { c["iss"] = "https://evil.example" }, genuine, false},
		"expired":         {func(c jwt.MapClaims) { c["exp"] = past }, genuine, false},
		"another key":     {func(jwt.MapClaims) {}, forger, false},
	} {
		w := newBrowser(b)
		back := w.toProvider(m, &claims{user("ann@example.com", "admin"), c.change})
		m.Keypair = c.key
		resp := w.get(back)
		m.Keypair = genuine
		if in := w.cookies["sunbulk_session"] != nil; in != c.ok || resp.StatusCode != 200 && c.ok || resp.StatusCode != 403 && !c.ok {
			t.Errorf("%s: got %d, and a session: %v", name, resp.StatusCode, in)
		}
	}
	if strings.Contains(b.logs.String(), "eyJ") {
		t.Error("an ID token is in the log (I7)")
	}
}

// TestOIDCCallback: a browser takes back only the sign-in that it began itself, with its own code, and once.
func TestOIDCCallback(t *testing.T) {
	t.Parallel()
	m := provider(t)
	b := newBench(t, byOIDC(m, m.Issuer()))
	refused := func(name string, w *browser, back string, status int) {
		t.Helper()
		resp := w.get(back)
		if page := body(t, resp); resp.StatusCode != status || w.cookies["sunbulk_session"] != nil || strings.Contains(page, "<script>alert") {
			t.Errorf("%s: got %d and the cookies %v: %s", name, resp.StatusCode, w.cookies, page)
		}
	}
	mallory, ann := newBrowser(b), newBrowser(b)
	begun := mallory.toProvider(m, user("mallory@example.com", "admin"))
	refused("a victim without a sign-in", ann, begun, 400)
	ann.toProvider(m, user("ann@example.com", "viewer"))
	refused("a victim amid a sign-in", ann, begun, 400)

	w := newBrowser(b)
	back, err := url.Parse(w.toProvider(m, user("ann@example.com", "viewer")))
	if err != nil {
		t.Fatal(err)
	}
	q := back.Query()
	mine := w.cookies["sunbulk_sign_in"]
	if mine == nil || !mine.HttpOnly || mine.SameSite != http.SameSiteLaxMode || mine.Path != "/oidc/" || mine.MaxAge != 600 {
		t.Fatalf("the cookie is %v", mine)
	}
	with := func(name, value string) string {
		changed := maps.Clone(q)
		changed.Set(name, value)
		return back.Path + "?" + changed.Encode()
	}
	foreign, _ := url.ParseQuery(begun[strings.IndexByte(begun, '?')+1:])
	for _, c := range []struct {
		name, back string
		status     int
	}{
		{"no state", with("state", ""), 400}, {"another state", with("state", "x"), 400}, {"another issuer", with("iss", "https://evil.example"), 400},
		{"a refusal", with("error", "access_denied"), 403}, {"a hostile refusal", with("error", "<script>alert(1)</script>"), 403},
		{"no code", with("code", ""), 403}, {"an invented code", with("code", "x"), 403},
		{"a stolen code, whose sign-in has another PKCE verifier", with("code", foreign.Get("code")), 403},
	} {
		w.cookies["sunbulk_sign_in"] = mine // each answer takes it away
		refused(c.name, w, c.back, c.status)
		if w.cookies["sunbulk_sign_in"] != nil {
			t.Errorf("%s: the sign-in can be tried again", c.name)
		}
	}
	w.cookies["sunbulk_sign_in"] = mine
	if resp := w.get(back.RequestURI()); resp.StatusCode != 200 || w.cookies["sunbulk_session"] == nil {
		t.Errorf("the sign-in itself: got %d: %s", resp.StatusCode, body(t, resp))
	}
	again := newBrowser(b)
	again.cookies["sunbulk_sign_in"] = mine
	refused("the same once more", again, back.RequestURI(), 403)
	for _, to := range []string{"//evil.example", "https://evil.example", `/\evil.example`} {
		m.QueueUser(user("ann@example.com", "viewer"))
		w.get("/oidc/login?to=" + url.QueryEscape(to))
		kept, err := base64.RawURLEncoding.DecodeString(w.cookies["sunbulk_sign_in"].Value)
		if err != nil || strings.Contains(string(kept), "evil") {
			t.Errorf("%s is where the browser goes afterwards: %s, %v", to, kept, err)
		}
	}
	none := newBench(t)
	none.text(404, "GET", "/oidc/login", "")
	none.text(404, "GET", "/oidc/callback?code=x&state=y", "")
}
