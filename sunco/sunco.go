// Package sunco is a Go client of the Clients calls of the Sunshine Conversations v2 API, and of the calls on users and
// conversations that they need: it links users to channels,
// lists their links and removes them. Make an [API] with [New] from an app id and one of [Basic], [JWT] and [Token],
// then use [API.Create], [API.List] and [API.Remove] from as many goroutines as you like; [API.Pages] is a list for callers
// that pace their calls. Every call is one attempt and ends when its context does; every error it returns is an [*Error],
// which tells what the API answered and whether the request can have reached it, so that the caller decides what to try again.
package sunco

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"unicode"
)

// DefaultBaseURL is the API's host for the US region. Zendesk customers have https://{subdomain}.zendesk.com/sc.
const DefaultBaseURL = "https://api.smooch.io"

// Config holds what New needs besides the app id. A zero field means the default that its comment states.
type Config struct {
	// BaseURL is an http or https URL without "/v2"; a path prefix such as "/sc" is kept. Default: DefaultBaseURL.
	BaseURL string
	// Auth gives the credentials. Required.
	Auth Auth
	// Transport sends the requests; no redirect is followed, so that credentials stay with the base URL's host.
	// Default: one of its own for many calls at once to one host, without a timeout.
	Transport http.RoundTripper
	// UserAgent is the header of that name. Default: "sunco (+https://github.com/sunbulk/sunbulk)".
	UserAgent string
	// Secrets are texts that no error may show besides what requests carry, such as the secret by which JWTs are signed.
	Secrets []string
}

// API calls one app. It is safe for concurrent use.
type API struct {
	base *url.URL
	root string // of the targets of the app's resources
	auth Auth
	send sender

	secrets []string
	kept    atomic.Pointer[keptSecrets]

	large chan struct{} // holds a token for each large answer that is held
}

// New returns an API for the app. It sends nothing; its errors are about the arguments and never quote credentials.
func New(appID string, cfg Config) (*API, error) {
	if e, wrong := AsError(checkIdentifier("app id", appID)); wrong {
		return nil, errors.New(e.Title)
	}
	base, err := parseBase(cfg.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("base URL: %w", err)
	}
	if cfg.Auth == nil {
		return nil, errors.New("credentials are missing")
	}
	if _, err := cfg.Auth(); err != nil {
		return nil, fmt.Errorf("credentials: %w", err)
	}
	if strings.ContainsFunc(cfg.UserAgent, unicode.IsControl) {
		return nil, errors.New("user agent contains a control character")
	}
	if cfg.UserAgent == "" {
		cfg.UserAgent = "sunco (+https://github.com/sunbulk/sunbulk)"
	}
	send := newSender(base, cfg.UserAgent)
	if cfg.Transport != nil {
		send = through(cfg.Transport, base, cfg.UserAgent)
	}
	secrets := append(proxySecrets(base), cfg.Secrets...)
	return &API{base: base, root: resource(base.EscapedPath(), "v2", "apps", appID), auth: cfg.Auth, send: send, secrets: secrets, large: make(chan struct{}, largeAnswers)}, nil
}

// parseBase checks a base URL; its errors quote neither the URL nor a password in it.
func parseBase(raw string) (*url.URL, error) {
	if raw == "" {
		raw = DefaultBaseURL
	}
	u, err := url.Parse(raw)
	if err != nil {
		return nil, errors.New("not a URL (hint: it looks like " + DefaultBaseURL + ")")
	}
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), strings.TrimRight(u.RawPath, "/")
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, errors.New("scheme is neither https nor http (hint: it looks like " + DefaultBaseURL + ")")
	case u.Hostname() == "":
		return nil, errors.New("host is missing")
	case strings.ContainsFunc(u.Host, func(r rune) bool { return r > unicode.MaxASCII }):
		return nil, errors.New("host is not ASCII (hint: give it in the form that begins with xn--)")
	case u.User != nil:
		return nil, errors.New("user and password do not belong in it")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, errors.New("query and fragment do not belong in it")
	case strings.HasSuffix(u.Path, "/v2"):
		return nil, errors.New("version does not belong in it (hint: leave off /v2)")
	}
	return u, nil
}

// target returns the path and query of a resource of the app.
func (a *API) target(query string, segments ...string) string {
	path := resource(a.root, segments...)
	if query == "" {
		return path
	}
	return path + "?" + query
}

// resource returns an escaped path below another; each segment stays one segment, whatever is in it.
func resource(root string, segments ...string) string {
	path := make([]byte, 0, 128) // usually enough
	path = append(path, root...)
	for _, s := range segments {
		path = append(append(path, '/'), url.PathEscape(s)...)
	}
	return string(path)
}
