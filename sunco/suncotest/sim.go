package suncotest

import (
	"encoding/json"
	"io"
	"net/http"

	"github.com/sunbulk/sunbulk/sunco"
)

// maxKnobs bounds the body of PUT /_sim/knobs in bytes.
const maxKnobs = 64_000

// simHandler serves what is about the simulation and not part of the API.
func (s *Server) simHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /_sim/stats", func(w http.ResponseWriter, _ *http.Request) {
		(&writer{to: w}).send(ok(http.StatusOK, s.Stats()))
	})
	mux.HandleFunc("GET /_sim/webhook", func(w http.ResponseWriter, _ *http.Request) {
		(&writer{to: w}).send(ok(http.StatusOK, s.WebhookStats()))
	})
	mux.HandleFunc("GET /_sim/knobs", func(w http.ResponseWriter, _ *http.Request) {
		(&writer{to: w}).send(ok(http.StatusOK, s.Knobs()))
	})
	mux.HandleFunc("PUT /_sim/knobs", func(w http.ResponseWriter, r *http.Request) {
		(&writer{to: w}).send(s.putKnobs(r))
	})
	mux.HandleFunc("GET /_sim/users/{id}", func(w http.ResponseWriter, r *http.Request) {
		key, _ := s.world.userKey(r.PathValue("id"), r.URL.Query().Get("brandId"))
		(&writer{to: w}).send(ok(http.StatusOK, map[string][]sunco.Client{"clients": s.world.clientsOf(key)}))
	})
	mux.HandleFunc("GET /_sim/users/{id}/conversations", func(w http.ResponseWriter, r *http.Request) {
		key, _ := s.world.userKey(r.PathValue("id"), r.URL.Query().Get("brandId"))
		all := []shownConversation{}
		for _, c := range s.world.conversations(key) {
			all = append(all, c.shown())
		}
		(&writer{to: w}).send(ok(http.StatusOK, map[string][]shownConversation{"conversations": all}))
	})
	return mux
}

// putKnobs sets the knobs that the body names and answers with all.
func (s *Server) putKnobs(r *http.Request) response {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxKnobs))
	if err != nil {
		return badRequest("Body can't be read")
	}
	knobs := s.Knobs()
	if err := json.Unmarshal(body, &knobs); err != nil {
		return badRequest(err.Error())
	}
	s.SetKnobs(knobs)
	return ok(http.StatusOK, knobs)
}
