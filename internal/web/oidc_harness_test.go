package web_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"github.com/oauth2-proxy/mockoidc"

	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/internal/web"
)

// provider starts an OpenID provider that offers to end sessions.
func provider(t *testing.T) *mockoidc.MockOIDC {
	t.Helper()
	m, listener := sleepingProvider(t)
	if err := m.Start(listener, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Shutdown() })
	return m
}

// sleepingProvider is one that is not started, and where it will be.
func sleepingProvider(t *testing.T) (*mockoidc.MockOIDC, net.Listener) {
	t.Helper()
	m, err := mockoidc.NewServer(nil)
	if err != nil {
		t.Fatal(err)
	}
	offer := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != mockoidc.DiscoveryEndpoint {
				next.ServeHTTP(w, r)
				return
			}
			answer := httptest.NewRecorder()
			next.ServeHTTP(answer, r)
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(bytes.Replace(answer.Body.Bytes(), []byte("{"), []byte(`{"end_session_endpoint": "https://accounts.example/logout?a=b", `), 1))
		})
	}
	if err := m.AddMiddleware(offer); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return m, listener
}

// byOIDC lets in those whom a provider has signed in. Each group has the role that it is named after.
func byOIDC(m *mockoidc.MockOIDC, issuer string) func(*web.Config) {
	return func(c *web.Config) {
		c.OIDC = &web.OIDC{Issuer: issuer, ClientID: m.ClientID, Secret: m.ClientSecret, Scopes: []string{"email", "groups"}, Name: "email", Groups: "groups"}
		for _, role := range service.Roles() {
			c.OIDC.Grants = append(c.OIDC.Grants, web.Grant{Group: string(role), Role: role})
		}
		c.OIDC.Grants = append(c.OIDC.Grants, web.Grant{Group: "crm", Role: service.Operator, Apps: []string{"other"}})
	}
}

// browser keeps the cookies of one who signs in, and follows no redirect by itself.
type browser struct {
	*bench
	cookies map[string]*http.Cookie
}

func newBrowser(b *bench) *browser { return &browser{b, map[string]*http.Cookie{}} }

// get asks for a path of the console with the browser's cookies.
func (w *browser) get(path string) *http.Response { w.Helper(); return w.ask("GET", path, "") }

func (w *browser) ask(method, path, body string) *http.Response {
	w.Helper()
	resp := w.asks(method, path, body, func(r *http.Request) {
		for _, c := range w.cookies {
			r.AddCookie(c)
		}
	})
	for _, c := range resp.Cookies() {
		if c.MaxAge < 0 {
			delete(w.cookies, c.Name)
		} else {
			w.cookies[c.Name] = c
		}
	}
	return resp
}

// toProvider goes to the provider as a user, and returns the path of the console to which that sends the browser.
func (w *browser) toProvider(m *mockoidc.MockOIDC, user mockoidc.User) string {
	w.Helper()
	m.QueueUser(user)
	resp := w.get("/oidc/login?to=/plans")
	if resp.StatusCode != 302 {
		w.Fatalf("got %d", resp.StatusCode)
	}
	there, err := http.DefaultTransport.RoundTrip(httptest.NewRequestWithContext(w.Context(), "GET", resp.Header.Get("Location"), nil))
	if err != nil {
		w.Fatal(err)
	}
	defer there.Body.Close()
	back, err := url.Parse(there.Header.Get("Location"))
	if err != nil || there.StatusCode != 302 || back.Path != "/oidc/callback" {
		w.Fatalf("the provider: got %d, to %s, %v", there.StatusCode, back, err)
	}
	return back.RequestURI()
}

func user(email string, groups ...string) *mockoidc.MockUser {
	return &mockoidc.MockUser{Subject: "s-" + email, Email: email, EmailVerified: true, Groups: groups}
}

func body(t *testing.T, resp *http.Response) string {
	t.Helper()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// claims is a user whose ID token is changed before it is signed.
type claims struct {
	*mockoidc.MockUser
	change func(jwt.MapClaims)
}

func (c *claims) Claims(scope []string, base *mockoidc.IDTokenClaims) (jwt.Claims, error) {
	all, err := c.MockUser.Claims(scope, base)
	if err != nil {
		return nil, err
	}
	data, err := json.Marshal(all)
	if err != nil {
		return nil, err
	}
	var changed jwt.MapClaims
	if err := json.Unmarshal(data, &changed); err != nil {
		return nil, err
	}
	c.change(changed)
	return changed, nil
}
