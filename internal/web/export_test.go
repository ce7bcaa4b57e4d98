package web

import (
	"log/slog"
	"testing"

	"github.com/sunbulk/sunbulk/internal/service"
)

// Route is a route as tests see it.
type Route struct {
	Method, Path string
	Open         bool
}

// Routes are all that there are.
func Routes() (all []Route) {
	for _, r := range (&Server{}).routes() {
		all = append(all, Route{r.method, r.path, r.open})
	}
	return all
}

// Feeds is how many follow jobs, and how many jobs are followed.
func (s *Server) Feeds() (followers, followed int) {
	s.feeds.mu.Lock()
	defer s.feeds.mu.Unlock()
	return s.feeds.n, len(s.feeds.all)
}

// NoteTokens is what a console notes of the tokens of a file before and after a change of it.
func NoteTokens(t *testing.T, s *service.Service, tokens *Tokens, change func()) {
	t.Helper()
	server := &Server{Config: Config{Service: s, Tokens: tokens, Logger: slog.New(slog.DiscardHandler)}, ctx: t.Context()}
	known := map[string]Token{}
	for _, do := range []func(){func() {}, change} {
		do()
		all, err := tokens.list()
		if err != nil {
			t.Fatal(err)
		}
		server.noteTokens(known, all)
	}
}
