package web

import (
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/sunbulk/sunbulk/internal/audit"
	"github.com/sunbulk/sunbulk/internal/service"
)

const (
	sessionCookie = "sunbulk_session"
	sessionLasts  = 12 * time.Hour
	mostSessions  = 10_000
)

// sessions are the browsers that have signed in: the digest of what their cookie holds → who that is. They end with the process.
type sessions struct {
	mu  sync.Mutex
	all map[[sha256.Size]byte]session
}

// session has a token or a person.
type session struct {
	token   string  // digest, which is looked up at each request
	person  *person // whom the OpenID provider has signed in
	expires time.Time
}

// person is who was signed in elsewhere, with the role of their groups.
type person struct {
	name    string
	role    service.Role
	apps    []string
	claims  bool   // the provider said something about groups
	idToken string // for the end of the session there
}

func (p *person) actor(from string) service.Actor {
	return service.Actor{Name: p.name, Role: p.role, Apps: p.apps, From: from}
}

// begin returns what the cookie of a new session holds.
func (s *sessions) begin(new session) string {
	id := rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for key, old := range s.all {
		if len(s.all) >= mostSessions || now.After(old.expires) {
			delete(s.all, key)
		}
	}
	if s.all == nil {
		s.all = map[[sha256.Size]byte]session{}
	}
	s.all[sha256.Sum256([]byte(id))] = new
	return id
}

func (s *sessions) find(id string) (session, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.all[sha256.Sum256([]byte(id))]
	return found, ok && time.Now().Before(found.expires)
}

func (s *sessions) end(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, sha256.Sum256([]byte(id)))
}

// loginPage shows how to sign in.
func loginPage(x *exchange) error {
	return x.showLogin(http.StatusOK, map[string]any{"To": local(x.r.URL.Query().Get("to"))})
}

func (x *exchange) showLogin(status int, page map[string]any) error {
	page["Tokens"], page["Provider"] = x.Tokens != nil, ""
	if x.OIDC != nil {
		page["Provider"] = x.OIDC.title()
	}
	title := "Sign in"
	if page["Out"] != nil {
		title = "Signed out"
	}
	return x.show(status, "login", title, page)
}

// login begins a session. The token comes in the body, so that no log keeps it.
func login(x *exchange) error {
	form, err := x.form()
	if err != nil {
		return err
	}
	to := local(form.Get("to"))
	if x.Tokens == nil {
		return &elsewhere{to}
	}
	secret := strings.TrimSpace(form.Get("secret"))
	token, ok := x.Tokens.find(secret)
	if !ok {
		x.Logger.Warn("sign-in refused", "from", x.r.RemoteAddr)
		return x.showLogin(http.StatusUnauthorized, map[string]any{"To": to, "Wrong": true})
	}
	x.as(token.actor(x.from()))
	if err := x.signedIn(""); err != nil {
		return err
	}
	x.setSession(x.sessions.begin(session{token: digestOf(secret), expires: time.Now().Add(sessionLasts)}), int(sessionLasts.Seconds()), x.formEncrypted())
	return &elsewhere{to}
}

// signedIn notes that the actor has signed in.
func (x *exchange) signedIn(detail string) error {
	x.told(string(audit.SignIn), "detail", detail)
	return x.Server.Service.Record(x.r.Context(), service.By{Who: x.actor.Who(), Via: x.actor.Via}, audit.Entry{What: audit.SignIn, Detail: detail})
}

// logout ends the session, on this side too. That at the provider is the user's to end.
func logout(x *exchange) error {
	var there string
	if cookie, err := x.r.Cookie(sessionCookie); err == nil {
		if s, ok := x.sessions.find(cookie.Value); ok && s.person != nil {
			there = x.OIDC.logout(s.person, x.external()+"/login")
		}
		x.sessions.end(cookie.Value)
	}
	x.setSession("", -1, x.formEncrypted())
	if there != "" {
		return x.showLogin(http.StatusOK, map[string]any{"To": local(""), "Out": true, "Elsewhere": there})
	}
	return &elsewhere{"/login"}
}

// formEncrypted tells whether a form came by TLS, also where a proxy ends that: the browser says so in Origin.
func (x *exchange) formEncrypted() bool {
	return x.r.TLS != nil || strings.HasPrefix(x.r.Header.Get("Origin"), "https://")
}

// setSession sets the cookie, which no other site's pages send.
func (x *exchange) setSession(id string, age int, secure bool) {
	http.SetCookie(x.w, &http.Cookie{Name: sessionCookie, Value: id, Path: x.Prefix + "/", MaxAge: age, HttpOnly: true, Secure: secure, SameSite: http.SameSiteStrictMode})
}

// local returns a path of the console to go to: never another site.
func local(path string) string {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t") {
		return "/jobs"
	}
	return path
}
