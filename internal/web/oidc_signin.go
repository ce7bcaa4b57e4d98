package web

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/sunbulk/sunbulk/internal/transit"
)

const (
	signInCookie = "sunbulk_sign_in"
	signInLasts  = 10 * time.Minute
	maxSignInTo  = 1000 // bytes of the path to go to afterwards
)

// signIn is what a browser keeps while its user is at the provider. A callback without it is somebody else's (login CSRF).
type signIn struct {
	State    string `json:"state"`
	Nonce    string `json:"nonce"`
	Verifier string `json:"verifier"` // of PKCE
	To       string `json:"to"`
}

// beginSignIn sends a browser to the provider.
func beginSignIn(x *exchange) error {
	if x.OIDC == nil {
		return noSuchPage(x)
	}
	p, err := x.OIDC.discover(x.r.Context())
	if err != nil {
		return err
	}
	s := signIn{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), To: local(x.r.URL.Query().Get("to"))}
	if len(s.To) > maxSignInTo {
		s.To = local("")
	}
	data, err := json.Marshal(s)
	if err != nil {
		return err
	}
	x.setSignIn(base64.RawURLEncoding.EncodeToString(data), int(signInLasts.Seconds()))
	where := x.OIDC.client(p, x.external()+"/oidc/callback").AuthCodeURL(s.State, oidc.Nonce(s.Nonce), oauth2.S256ChallengeOption(s.Verifier))
	http.Redirect(x.w, x.r, where, http.StatusFound)
	return nil
}

// setSignIn sets the cookie, which comes back with the provider's redirect: from another site, so it is no strict one.
func (x *exchange) setSignIn(value string, age int) {
	http.SetCookie(x.w, &http.Cookie{Name: signInCookie, Value: value, Path: x.Prefix + "/oidc/", MaxAge: age, HttpOnly: true, Secure: x.encrypted(), SameSite: http.SameSiteLaxMode})
}

// endSignIn takes a browser back from the provider, and begins its session.
func endSignIn(x *exchange) error {
	if x.OIDC == nil {
		return noSuchPage(x)
	}
	q := x.r.URL.Query()
	begun, ok := x.begunSignIn(q.Get("state"))
	x.setSignIn("", -1)
	if !ok {
		return &refusal{http.StatusBadRequest, "sign_in", "this sign-in was not begun in this browser, or more than ten minutes ago", "sign in again"}
	}
	if iss := q.Get("iss"); iss != "" && iss != x.OIDC.Issuer {
		return &refusal{http.StatusBadRequest, "sign_in", "the answer comes from another sign-in service", "sign in again"}
	}
	if code := q.Get("error"); code != "" {
		return &refusal{http.StatusForbidden, "sign_in", "the sign-in service did not let you in: " + oauthCode(code), "sign in again, or ask its admin"}
	}
	who, until, err := x.OIDC.redeem(x.r.Context(), x.external()+"/oidc/callback", q.Get("code"), begun.Verifier, begun.Nonce)
	if e, ok := errors.AsType[*untrusted](err); ok {
		x.Logger.Warn("sign-in refused", "from", x.r.RemoteAddr, "why", e.text)
		return &refusal{http.StatusForbidden, "sign_in", e.text, e.hint}
	}
	if err != nil {
		return err
	}
	x.as(who.actor(x.from()))
	if err := x.signedIn("at " + x.OIDC.title()); err != nil {
		return err
	}
	if who.role == "" {
		x.Logger.Warn("somebody without a role has signed in", "who", who.name, "groupsClaim", who.claims)
	}
	x.setSession(x.sessions.begin(session{person: who, expires: until}), int(time.Until(until).Seconds()), x.encrypted())
	// A redirect would still count as the provider's, and a strict cookie would not be sent with it; a page's refresh is the console's own.
	return x.show(http.StatusOK, "welcome", "Signed in", map[string]any{"To": begun.To})
}

// begunSignIn is the sign-in that this browser began with a state.
func (x *exchange) begunSignIn(state string) (s signIn, ok bool) {
	cookie, err := x.r.Cookie(signInCookie)
	if err != nil {
		return s, false
	}
	data, err := base64.RawURLEncoding.DecodeString(cookie.Value)
	if err != nil || json.Unmarshal(data, &s) != nil {
		return s, false
	}
	s.To = local(s.To)
	return s, s.State != "" && s.Verifier != "" && subtle.ConstantTimeCompare([]byte(s.State), []byte(state)) == 1
}

// encrypted tells whether the browser speaks TLS: to the console, or to a proxy, which says so. Nobody reaches the console from
// another machine without one of them.
func (x *exchange) encrypted() bool {
	switch proto := x.r.Header.Get("X-Forwarded-Proto"); {
	case x.r.TLS != nil || strings.EqualFold(proto, "https"):
		return true
	case strings.EqualFold(proto, "http"):
		return false
	}
	name := x.r.Host
	if host, _, err := net.SplitHostPort(name); err == nil {
		name = host
	}
	return !transit.Local(strings.Trim(name, "[]"))
}

// external is the console's URL, as the browser has it.
func (x *exchange) external() string {
	u := url.URL{Scheme: "http", Host: x.r.Host, Path: x.Prefix}
	if x.encrypted() {
		u.Scheme = "https"
	}
	return u.String()
}
