package web

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/sunbulk/sunbulk/internal/audit"
)

const (
	sessionCookie = "sunbulk_session"
	sessionLasts  = 12 * time.Hour
	mostSessions  = 10_000
)

// sessions are the browsers that have shown a token: the digest of what their cookie holds → the digest of the token, which is
// asked for again at each request. They end with the process.
type sessions struct {
	mu  sync.Mutex
	all map[[sha256.Size]byte]session
}

type session struct {
	token   string // digest
	expires time.Time
}

// begin returns what the cookie of a new session holds.
func (s *sessions) begin(secret string) string {
	id := rand.Text()
	digest := sha256.Sum256([]byte(secret))
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
	s.all[sha256.Sum256([]byte(id))] = session{hex.EncodeToString(digest[:]), now.Add(sessionLasts)}
	return id
}

func (s *sessions) find(id string) (token string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.all[sha256.Sum256([]byte(id))]
	return found.token, ok && time.Now().Before(found.expires)
}

func (s *sessions) end(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, sha256.Sum256([]byte(id)))
}

// loginPage shows the form that takes a token.
func loginPage(x *exchange) error {
	return x.show(http.StatusOK, "login", "Sign in", map[string]any{"To": local(x.r.URL.Query().Get("to"))})
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
		return x.show(http.StatusUnauthorized, "login", "Sign in", map[string]any{"To": to, "Wrong": true})
	}
	x.actor = token.actor(x.from())
	if err := x.noted(audit.Entry{What: audit.SignIn}); err != nil {
		return err
	}
	x.setSession(x.sessions.begin(secret), int(sessionLasts.Seconds()))
	return &elsewhere{to}
}

// logout ends the session, on this side too.
func logout(x *exchange) error {
	if cookie, err := x.r.Cookie(sessionCookie); err == nil {
		x.sessions.end(cookie.Value)
	}
	x.setSession("", -1)
	return &elsewhere{"/login"}
}

// setSession sets the cookie. Behind a proxy that ends TLS the browser says in Origin that it speaks TLS.
func (x *exchange) setSession(id string, age int) {
	secure := x.r.TLS != nil || strings.HasPrefix(x.r.Header.Get("Origin"), "https://")
	http.SetCookie(x.w, &http.Cookie{Name: sessionCookie, Value: id, Path: x.Prefix + "/", MaxAge: age, HttpOnly: true, Secure: secure, SameSite: http.SameSiteStrictMode})
}

// local returns a path of the console to go to: never another site.
func local(path string) string {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t") {
		return "/jobs"
	}
	return path
}
