// Package web is the console of sunbulk: an HTTP API below /v1 and pages for a browser, in one http.Handler on
// internal/service, which knows who may do what. What there is stands in routes.go; what an error is in HTTP, in problem.go.
package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/sunbulk/sunbulk/internal/plan"
	"github.com/sunbulk/sunbulk/internal/runbooks"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/internal/uploads"
	"github.com/sunbulk/sunbulk/jobs"
)

// Config is what a Server needs.
type Config struct {
	Service *service.Service
	Tokens  *Tokens        // who may come in; nil = everybody, as Local and with all rights, unless there is a Proxy or an OIDC
	Proxy   *Proxy         // signs people in; nil = none does
	OIDC    *OIDC          // signs people in; nil = none does
	Local   string         // the name under which acts are kept where there are neither, such as ann@host
	Hosts   []string       // names under which it is reached, besides localhost and addresses
	Prefix  string         // of all paths behind a proxy, such as /sunbulk; empty = none
	Dir     string         // a folder of its own, for reports that are being read
	Uploads *uploads.Store // nil = in that folder
	Note    string         // shown on every page, such as that all is simulated; empty = none

	Runbooks  *runbooks.Folder // that may be run; nil = none
	Approval  service.Approval // which plans need one
	Checks    map[string]Check // by app; none = there are no credentials of it
	Simulated bool             // its jobs are
	ReadOnly  bool             // nothing can be changed
	Logger    *slog.Logger

	Served func(route string, status int, took time.Duration) // hears of each request that was answered; nil = nobody does
}

// Check gives ask what asks the API of an app, and returns what that found. Where the API refuses the credentials, that is what was
// found, and ask is not called.
type Check func(ctx context.Context, opt jobs.Options, ask func(*plan.Checker) error) (*plan.Findings, error)

// Server is the console. Close lets go of what it holds.
type Server struct {
	Config
	handler  http.Handler
	pages    func() (*pages, error)
	sessions sessions
	reports  reports
	feeds    feeds
	starts   starts

	plansAtOnce chan struct{}   // has a place for each input that may be read
	ctx         context.Context // ends with the Server
	stop        context.CancelFunc
	staying     context.Context // ends with Drain
	leave       context.CancelFunc
	working     sync.WaitGroup
}

const (
	maxForm     = 64 << 10 // bytes of a body that is no upload
	maxAnswer   = time.Minute
	maxDownload = 30 * time.Minute
)

// New returns a Server. It parses no page before one is asked for.
func New(cfg Config) (*Server, error) {
	cfg.Prefix = strings.TrimSuffix(cfg.Prefix, "/")
	if cfg.Prefix != "" && !prefixForm().MatchString(cfg.Prefix) {
		return nil, &ConfigError{"prefix", "\"" + cfg.Prefix + "\" is not a path such as /sunbulk"}
	}
	if cfg.Uploads == nil {
		var err error
		if cfg.Uploads, err = uploads.Open(filepath.Join(cfg.Dir, "uploads"), uploads.Config{}); err != nil {
			return nil, err
		}
	}
	s := &Server{Config: cfg, plansAtOnce: make(chan struct{}, planning)}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.staying, s.leave = context.WithCancel(s.ctx)
	s.pages = sync.OnceValues(func() (*pages, error) { return parsePages(s.Prefix) })
	s.reports.dir = cfg.Dir
	mux := http.NewServeMux()
	for _, r := range s.routes() {
		mux.Handle(r.method+" "+r.path, s.serve(r))
	}
	mux.Handle("/", s.serve(route{path: "/", open: true, do: noSuchPage}))
	var inner http.Handler = mux
	if s.Prefix != "" {
		inner = http.StripPrefix(s.Prefix, inner)
	}
	s.handler = s.watch(s.guard(inner))
	s.working.Go(s.goOn)
	if s.Tokens != nil {
		s.working.Go(s.watchTokens)
	}
	if s.OIDC != nil {
		s.working.Go(func() { // so that a mistake is seen before somebody signs in
			if _, err := s.OIDC.discover(s.ctx); err != nil && s.ctx.Err() == nil {
				s.Logger.Warn("nobody can sign in now", "issuer", s.OIDC.Issuer, "error", err)
			}
		})
	}
	return s, nil
}

// ConfigError says which part of a Config cannot be, and why.
type ConfigError struct{ Field, Text string }

func (e *ConfigError) Error() string { return e.Text }

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Drain sends away those who follow a job, and begins nothing more in the background.
func (s *Server) Drain() { s.leave() }

// Close ends what the Server does in the background, and waits for that.
func (s *Server) Close() {
	s.leave()
	s.stop()
	s.working.Wait()
}

// exchange is one request with its answer, and who asks.
type exchange struct {
	*Server
	w       http.ResponseWriter
	r       *http.Request
	actor   service.Actor
	Service *service.Authorized // what the actor may do
	route   string              // such as GET /jobs/{job}
	page    bool                // a browser's page is asked for, and not the API
	session bool                // the actor came by the session of a browser
}

// serve makes the handler of a route: who asks, may they, and what went wrong.
func (s *Server) serve(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := &exchange{Server: s, w: w, r: r, route: rt.method + " " + rt.path, page: !isAPI(r.URL.Path)}
		if w, ok := w.(*watched); ok && rt.method != "" {
			w.route = x.route
		}
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(maxAnswer))
		err := x.enter(rt)
		if err == nil {
			err = rt.do(x)
		}
		if err != nil && !(errors.Is(err, context.Canceled) && r.Context().Err() != nil) {
			x.fail(err)
		}
	})
}

func isAPI(path string) bool { return strings.HasPrefix(path, "/v1/") || path == "/v1" }

// act runs what changes something to its end, also when the one who asked goes away; only the end of the Server ends it.
func (x *exchange) act(do func(ctx context.Context) error) error {
	x.working.Add(1)
	defer x.working.Done()
	return do(x.ctx)
}

// told writes into the log who did what (I13).
func (x *exchange) told(what string, args ...any) {
	x.Logger.Info("done by a person", append([]any{"who", x.actor.Who(), "what", what}, args...)...)
}
