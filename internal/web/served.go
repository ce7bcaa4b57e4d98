package web

import (
	"net/http"
	"time"
)

// watched is an answer whose route and status are known when it has been written.
type watched struct {
	http.ResponseWriter
	route  string // empty = none: it was turned away before one was found
	status int
}

func (w *watched) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *watched) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(p)
}

// Unwrap is for http.ResponseController.
func (w *watched) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// watch reports the route, the status and the time of each request.
func (s *Server) watch(next http.Handler) http.Handler {
	if s.Served == nil {
		return next
	}
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w, begun := &watched{ResponseWriter: rw}, time.Now()
		next.ServeHTTP(w, r)
		if w.status != 0 { // else the one who asked was gone
			s.Served(w.route, w.status, time.Since(begun))
		}
	})
}

// Viewers is how many follow a job now.
func (s *Server) Viewers() int {
	s.feeds.mu.Lock()
	defer s.feeds.mu.Unlock()
	return s.feeds.n
}
