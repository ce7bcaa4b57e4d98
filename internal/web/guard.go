package web

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/sunbulk/sunbulk/internal/lazyregexp"
)

var prefixForm = lazyregexp.New(`^(/[A-Za-z0-9_.~-]+)+$`)

// policy lets a page load nothing but the console's own files, and run nothing that stands in it.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// guard stands before everything: it sets the headers of every answer, and turns away requests that come under a foreign
// name (DNS rebinding), from a foreign page (CSRF), or with a token in the address, where logs would keep it.
func (s *Server) guard(next http.Handler) http.Handler {
	crossOrigin := http.NewCrossOriginProtection()
	refuse := func(err error) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			(&exchange{Server: s, w: w, r: r, page: !isAPI(strings.TrimPrefix(r.URL.Path, s.Prefix))}).fail(err)
		})
	}
	crossOrigin.SetDenyHandler(refuse(&refusal{http.StatusForbidden, "cross_origin", "the request comes from another site", "open the console itself, and send it from there"}))
	inner := crossOrigin.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Frame-Options", "DENY")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if r.TLS != nil {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		switch q := r.URL.Query(); {
		case !s.knows(r.Host):
			refuse(&refusal{http.StatusMisdirectedRequest, "unknown_host", "the console is not reached under this name", "start it with --host NAME to allow one"}).ServeHTTP(w, r)
		case q.Has("token") || q.Has("access_token"):
			refuse(&refusal{http.StatusBadRequest, "token_in_url", "a token stands in the address, where logs keep it", "send it as Authorization: Bearer TOKEN, and replace this one"}).ServeHTTP(w, r)
		default:
			inner.ServeHTTP(w, r)
		}
	})
}

// knows tells whether the console may be reached under a name. An address is not rebound.
func (s *Server) knows(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.TrimSuffix(strings.ToLower(name), ".")
	if _, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil {
		return true
	}
	return name == "localhost" || slices.ContainsFunc(s.Hosts, func(known string) bool { return strings.EqualFold(known, name) })
}
