package web

import (
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/sunbulk/sunbulk/internal/audit"
	"github.com/sunbulk/sunbulk/internal/service"
)

// enter finds out who asks. What they may do the service knows.
func (x *exchange) enter(rt route) error {
	x.as(service.Actor{})
	if rt.open {
		return nil
	}
	actor, known := x.identify()
	if !known {
		if x.page && x.r.Method == http.MethodGet && (x.Tokens != nil || x.OIDC != nil) {
			return &elsewhere{"/login?to=" + url.QueryEscape(x.r.URL.RequestURI())}
		}
		if x.page && x.OIDC != nil {
			return &refusal{http.StatusUnauthorized, "unauthenticated", "nobody is signed in here, or no longer", "sign in again, then go back and send it again"}
		}
		if x.Tokens == nil && x.OIDC != nil {
			return &refusal{http.StatusUnauthorized, "unauthenticated", "the console does not know who asks", "programs need a token: an admin can start the console with --tokens too"}
		}
		if x.Tokens == nil {
			return &refusal{http.StatusUnauthorized, "unauthenticated", "the console does not know who asks", "come through the proxy that signs people in"}
		}
		x.w.Header().Set("WWW-Authenticate", `Bearer realm="sunbulk"`)
		return &refusal{http.StatusUnauthorized, "unauthenticated", "the console does not know who asks", "send Authorization: Bearer TOKEN; 'sunbulk console token' makes one"}
	}
	x.as(actor)
	return nil
}

// as makes an actor the one who asks.
func (x *exchange) as(a service.Actor) {
	a.ReadOnly, a.Via = x.ReadOnly, audit.API
	if x.page {
		a.Via = audit.Console
	}
	x.actor, x.Service = a, x.Server.Service.As(a)
}

// identify finds out who asks: by a proxy that has signed them in, by the token of a program, by the session of a browser (which a token or an OpenID provider began), or, where
// there is none of these, by being on this machine.
func (x *exchange) identify() (service.Actor, bool) {
	if x.Tokens == nil && x.Proxy == nil && x.OIDC == nil {
		return service.Actor{Name: x.Local, Role: service.Admin}, true
	}
	if a, ok := x.throughProxy(); ok {
		return a, true
	}
	from := x.from()
	if header := x.r.Header.Get("Authorization"); header != "" {
		if x.Tokens == nil {
			return service.Actor{}, false
		}
		scheme, secret, _ := strings.Cut(header, " ")
		t, ok := x.Tokens.find(strings.TrimSpace(secret))
		return t.actor(from), ok && strings.EqualFold(scheme, "bearer")
	}
	cookie, err := x.r.Cookie(sessionCookie)
	if err != nil {
		return service.Actor{}, false
	}
	s, ok := x.sessions.find(cookie.Value)
	switch {
	case !ok:
		return service.Actor{}, false
	case s.person != nil:
		x.session = true
		return s.person.actor(from), true
	case x.Tokens == nil:
		return service.Actor{}, false
	}
	t, ok := x.Tokens.byDigest(s.token)
	x.session = ok
	return t.actor(from), ok
}

// from is the address that the request comes from.
func (x *exchange) from() string {
	from, _, err := net.SplitHostPort(x.r.RemoteAddr)
	if err != nil {
		return x.r.RemoteAddr
	}
	return from
}
