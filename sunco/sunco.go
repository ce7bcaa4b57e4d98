// Package sunco is a Go client of the Clients calls of the Sunshine Conversations v2 API: it links users to channels,
// lists their links and removes them. Make an [API] with [New] from an app id and one of [Basic], [JWT] and [Token],
// then use [API.Create], [API.List] and [API.Remove] from as many goroutines as you like; [API.Pages] is a list for callers
// that pace their calls. Every call is one attempt and ends when its context does; every error it returns is an [*Error],
// which tells what the API answered and whether the request can have reached it, so that the caller decides what to try again.
package sunco

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
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
	// HTTPClient sends the requests; its CheckRedirect is not used, for redirects are never followed.
	// Default: a client of its own for many calls at once to one host, without a timeout.
	HTTPClient *http.Client
	// UserAgent is the header of that name. Default: "sunco (+https://github.com/sunbulk/sunbulk)".
	UserAgent string
}

// API calls one app. It is safe for concurrent use.
type API struct {
	appID     string
	base      *url.URL
	auth      Auth
	client    *http.Client
	userAgent string
}

// New returns an API for the app. It sends nothing; its errors are about the arguments and never quote credentials.
func New(appID string, cfg Config) (*API, error) {
	if appID == "" {
		return nil, errors.New("app id is empty")
	}
	if isDots(appID) {
		return nil, errors.New("app id is a path of dots")
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
	a := &API{appID: appID, base: base, auth: cfg.Auth, client: newHTTPClient(cfg.HTTPClient), userAgent: cfg.UserAgent}
	if a.userAgent == "" {
		a.userAgent = "sunco (+https://github.com/sunbulk/sunbulk)"
	}
	return a, nil
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
	case u.User != nil:
		return nil, errors.New("user and password do not belong in it")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, errors.New("query and fragment do not belong in it")
	case strings.HasSuffix(u.Path, "/v2"):
		return nil, errors.New("version does not belong in it (hint: leave off /v2)")
	}
	return u, nil
}

// newHTTPClient returns a client that follows no redirect, so that credentials stay with the base URL's host.
func newHTTPClient(given *http.Client) *http.Client {
	client := &http.Client{Transport: newTransport()}
	if given != nil {
		copied := *given
		client = &copied
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return client
}

// newTransport speaks HTTP/1.1 only: on HTTP/2 all calls in flight share a connection, and losing it would leave every
// one of them unanswered. Idle connections are closed before common servers close them, which spares lost answers.
func newTransport() *http.Transport {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:    10 * time.Second,
		MaxIdleConnsPerHost:    512,
		IdleConnTimeout:        30 * time.Second,
		MaxResponseHeaderBytes: 1 << 20,
		Protocols:              protocols,
	}
}

// url returns the address of a resource below the base URL; each segment stays one segment, whatever is in it.
func (a *API) url(query string, segments ...string) *url.URL {
	u := *a.base
	path, escaped := new(strings.Builder), new(strings.Builder)
	path.WriteString(u.Path)
	escaped.WriteString(u.EscapedPath())
	for _, s := range append([]string{"v2", "apps", a.appID}, segments...) {
		path.WriteString("/" + s)
		escaped.WriteString("/" + escapeSegment(s))
	}
	u.Path, u.RawPath, u.RawQuery = path.String(), escaped.String(), query
	return &u
}

// escapeSegment escapes s for one path segment. A segment of dots is escaped too, or it would mean another path.
func escapeSegment(s string) string {
	if isDots(s) {
		return strings.ReplaceAll(s, ".", "%2E")
	}
	return url.PathEscape(s)
}

func isDots(segment string) bool { return segment == "." || segment == ".." }
