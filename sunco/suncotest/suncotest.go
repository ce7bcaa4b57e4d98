// Package suncotest simulates the Clients calls of the Sunshine Conversations v2 API, and those on users, conversations,
// integrations and webhooks that they need: users, their clients and conversations, cursors, credentials, and on demand everything that goes wrong with a remote API. A [Server] is an [http.Handler]:
//
//	sim := suncotest.New(suncotest.Config{})
//	server := httptest.NewServer(sim)
//
// Beside the API it serves GET /_sim/stats, GET /_sim/webhook, GET and PUT /_sim/knobs and GET /_sim/users/{id}, which no fault touches.
package suncotest

import (
	"cmp"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
)

// Config holds what the simulated API is. A zero field means the default that its comment states.
type Config struct {
	// AppID is the one app there is. Default: every app is there.
	AppID string
	// KeyID and KeySecret are the API key, for basic authentication and for JWTs; Token is a bearer token.
	// Default, when all are empty: any credentials are taken, but some must be given.
	KeyID, KeySecret, Token string
	// World is what there is at the start. Default: a lenient world.
	World World
	// Knobs are the faults at the start. Default: those of the World.
	Knobs Knobs
	// Seed makes the random faults repeatable: the n-th call meets the same ones for the same seed.
	Seed uint64
	// Webhook gets the events of clients. Default: that of the World.
	Webhook *Webhook
	// Fates remembers every client that a create makes, for [Server.Fates]; its memory grows with them.
	Fates bool
	// Transport makes the calls on webhooks. Default: http.DefaultTransport.
	Transport http.RoundTripper
}

// Server is the simulated API. It is safe for concurrent use.
type Server struct {
	appID string
	auth  *authenticator
	world *world
	knobs atomic.Pointer[Knobs]
	limit limiter
	seed  uint64
	meter meter
	sim   http.Handler

	webhook atomic.Pointer[Webhook] // nil when nobody gets events
	calls   chan struct{}
	caller  http.Client
	events  eventMeter
	fates   *fates // nil = none are remembered

	closeOnce sync.Once
	closed    chan struct{}
}

// New returns a simulated API.
func New(cfg Config) *Server {
	s := &Server{
		appID:  cfg.AppID,
		auth:   newAuthenticator(cfg),
		world:  newWorld(cfg.World),
		seed:   cfg.Seed,
		closed: make(chan struct{}),

		calls:  make(chan struct{}, webhookCalls),
		caller: http.Client{Timeout: webhookAnswer, Transport: cfg.Transport},
	}
	if cfg.Fates {
		s.fates = &fates{}
	}
	knobs := cfg.Knobs
	if knobs == (Knobs{}) && cfg.World.Knobs != nil {
		knobs = *cfg.World.Knobs
	}
	s.SetKnobs(knobs)
	s.SetWebhook(cmp.Or(cfg.Webhook, cfg.World.Webhook))
	s.sim = s.simHandler()
	return s
}

// Close lets the calls go that a Hang holds. Call it before the Close of an httptest.Server, which waits for them.
func (s *Server) Close() { s.closeOnce.Do(func() { close(s.closed) }) }

// SetKnobs changes the faults, for calls that begin later. Shares out of range act as the nearest in range.
func (s *Server) SetKnobs(k Knobs) { s.knobs.Store(&k) }

// Knobs returns the faults in force.
func (s *Server) Knobs() Knobs { return *s.knobs.Load() }

// ServeHTTP answers API calls and the paths below /_sim. A call that is cut ends with http.ErrAbortHandler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/_sim/") {
		s.sim.ServeHTTP(w, r)
		return
	}
	t := route(r.Method, r.URL.EscapedPath())
	number := s.meter.begin(t.op)
	out := &writer{to: w}
	defer func() { s.meter.end(out.status) }()
	knobs := s.knobs.Load()
	switch {
	case knobs.AppStatus != 0:
		out.send(refusal(knobs.AppStatus, "", ""))
	case t.op.onPeople():
		f := faults{Knobs: knobs, draws: draws{seed: s.seed, number: number}}
		s.serveFaulty(out, r, t, f)
	default:
		out.send(s.answer(r, t, knobs, draws{}))
	}
}

// serveFaulty answers a call on users, clients or conversations, with faults before and after its work.
func (s *Server) serveFaulty(out *writer, r *http.Request, t target, f faults) {
	if wait := s.limit.take(f.Knobs, t.op); wait > 0 {
		out.send(f.tooMany(wait))
		return
	}
	if !f.before(out, r) {
		return
	}
	f.after(out, r, s.answer(r, t, f.Knobs, f.draws), s.closed)
}
