package web

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Role is what a token may do.
type Role string

// The roles.
const (
	Viewer   Role = "viewer"   // sees jobs, runs and schedules, without phone numbers and addresses
	Operator Role = "operator" // sees all, starts jobs and moves them
	Approver Role = "approver" // sees all, approves or refuses what others plan
	Admin    Role = "admin"    // may do everything
)

// Roles are all roles.
func Roles() []Role { return []Role{Viewer, Operator, Approver, Admin} }

// right is what a route asks for.
type right string

const (
	anybody right = ""       // asks for nobody's name
	see     right = "see"    // jobs, runs and schedules in numbers
	people  right = "people" // phone numbers and addresses
	operate right = "operate"
	approve right = "approve" // what others plan
	acts    right = "acts"    // of people, as the audit log has them
)

// rights are those of each role.
var rights = map[Role][]right{
	Viewer:   {see},
	Operator: {see, people, operate, acts},
	Approver: {see, people, approve, acts},
	Admin:    {see, people, operate, approve, acts},
}

// Actor is who asks.
type Actor struct {
	Name string
	Role Role
	Apps []string // whose jobs may be seen; nil = all
	From string   // address
}

// may tells whether the actor has a right.
func (a Actor) may(r right) bool { return r == anybody || slices.Contains(rights[a.Role], r) }

// sees tells whether the actor may see what belongs to an app.
func (a Actor) sees(app string) bool { return a.Apps == nil || slices.Contains(a.Apps, app) }

// who names the actor in what is kept with a job.
func (a Actor) who() string {
	if a.From == "" {
		return a.Name
	}
	return a.Name + "@" + a.From
}

// enter finds out who asks, and whether they may.
func (x *exchange) enter(rt route) error {
	if rt.right == anybody {
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
	x.actor = actor
	if actor.Role == "" {
		return &refusal{http.StatusForbidden, "forbidden", "no group of " + actor.Name + " has a role here", "an admin can give one of them a role in the file of --groups"}
	}
	if !actor.may(rt.right) {
		return &refusal{http.StatusForbidden, "forbidden", "the role " + string(actor.Role) + " may not do this", "ask somebody with the role " + string(holderOf(rt.right)) + " or admin"}
	}
	if x.ReadOnly && (rt.right == operate || rt.right == approve) {
		return &refusal{http.StatusForbidden, "read_only", "the console is read-only", "use the command line, or a console without --read-only"}
	}
	return nil
}

// identify finds out who asks: by a proxy that has signed them in, by the token of a program, by the session of a browser (which a token or an OpenID provider began), or, where
// there is none of these, by being on this machine.
func (x *exchange) identify() (Actor, bool) {
	if x.Tokens == nil && x.Proxy == nil && x.OIDC == nil {
		return Actor{Name: x.Local, Role: Admin}, true
	}
	if a, ok := x.throughProxy(); ok {
		return a, true
	}
	from := x.from()
	if header := x.r.Header.Get("Authorization"); header != "" {
		if x.Tokens == nil {
			return Actor{}, false
		}
		scheme, secret, _ := strings.Cut(header, " ")
		t, ok := x.Tokens.find(strings.TrimSpace(secret))
		return t.actor(from), ok && strings.EqualFold(scheme, "bearer")
	}
	cookie, err := x.r.Cookie(sessionCookie)
	if err != nil {
		return Actor{}, false
	}
	s, ok := x.sessions.find(cookie.Value)
	switch {
	case !ok:
		return Actor{}, false
	case s.person != nil:
		x.session = true
		return s.person.actor(from), true
	case x.Tokens == nil:
		return Actor{}, false
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

// holderOf is the role that a right is meant for.
func holderOf(r right) Role {
	if r == approve {
		return Approver
	}
	return Operator
}
