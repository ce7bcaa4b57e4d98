package sunco

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
)

// MaxBodySize is the largest request body in bytes. The vendor says 100 kB; this is the stricter reading of it.
const MaxBodySize = 100_000

const (
	// maxAnswer bounds the body of an answer, in bytes after decompression.
	maxAnswer = 10_000_000
	// maxErrorAnswer is how much of the body of an error is read to find its cause.
	maxErrorAnswer = 64_000
)

// call is one HTTP request to the API.
type call struct {
	method  string
	url     *url.URL
	body    []byte   // nil for none
	private []string // what may not show in an error
}

// answer is a 2xx answer that was read in full.
type answer struct {
	status int
	body   []byte
}

func (a answer) unreadable(expected string) error {
	return a.broken("answer has an unreadable body: " + expected)
}

func (a answer) broken(title string) error {
	return &Error{Status: a.status, Title: title, Sent: true}
}

// do makes the call, once. Its errors are of type *Error.
func (a *API) do(ctx context.Context, c call) (answer, error) {
	if ctx.Err() != nil {
		return answer{}, a.failure(c, "", context.Cause(ctx), false)
	}
	authorization, err := a.auth()
	if err != nil {
		return answer{}, &Error{Title: "credentials: " + err.Error(), Err: err}
	}
	res, sent, err := a.send(a.request(ctx, c, authorization))
	if err != nil {
		return answer{}, a.failure(c, authorization, err, sent)
	}
	defer res.Body.Close()
	if res.StatusCode/100 != 2 {
		return answer{}, a.refusal(c, authorization, res)
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	got := answer{status: res.StatusCode, body: bytes.TrimSpace(body)}
	if err != nil {
		lost := a.failure(c, authorization, err, true)
		lost.Status, lost.Title = res.StatusCode, "answer has an unreadable body: "+lost.Title
		return answer{}, lost
	}
	if len(body) > maxAnswer {
		return answer{}, got.unreadable("it is larger than 10 MB")
	}
	return got, nil
}

// request has no GetBody, so that no transport can send a create a second time on its own.
func (a *API) request(ctx context.Context, c call, authorization string) *http.Request {
	header := maps.Clone(a.header)
	header["Authorization"] = []string{authorization}
	req := http.Request{Method: c.method, URL: c.url, Header: header}
	if c.body != nil {
		header["Content-Type"] = []string{"application/json"}
		req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(c.body)), int64(len(c.body))
	}
	return req.WithContext(ctx)
}

// secrets returns what may not show in an error of the call: what it names private, its credentials, the host.
func (a *API) secrets(c call, authorization string) []string {
	_, credentials, _ := strings.Cut(authorization, " ")
	secrets := []string{credentials, a.base.Host, a.base.Hostname()}
	for _, p := range c.private {
		secrets = append(secrets, p, url.PathEscape(p), url.QueryEscape(p))
	}
	return secrets
}

// sender sends a request, once. After an error it tells whether the request can have reached the API.
type sender func(*http.Request) (res *http.Response, sent bool, err error)

// through returns the sender of a transport that is not this package's own. One that does not report to the context's trace is not
// trusted: only what is known to wait for a connection was not sent.
func through(transport http.RoundTripper) sender {
	return func(req *http.Request) (*http.Response, bool, error) {
		var asked, got atomic.Bool // for a connection
		trace := &httptrace.ClientTrace{
			GetConn: func(string) { asked.Store(true) },
			GotConn: func(httptrace.GotConnInfo) { got.Store(true) },
		}
		res, err := transport.RoundTrip(req.WithContext(httptrace.WithClientTrace(req.Context(), trace)))
		return res, got.Load() || !asked.Load(), err
	}
}
