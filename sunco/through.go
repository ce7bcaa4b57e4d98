package sunco

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"
)

// proxied returns a transport that heeds HTTPS_PROXY, HTTP_PROXY and NO_PROXY.
func proxied() *http.Transport {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSHandshakeTimeout:    dialTimeout,
		MaxIdleConnsPerHost:    512,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: maxAnswerHeader,
		Protocols:              protocols,
	}
}

// through returns the sender of a transport that is not this package's own. One that does not report to the context's trace is not
// trusted: only what is known to wait for a connection was not sent.
func through(transport http.RoundTripper, base *url.URL, userAgent string) sender {
	return func(ctx context.Context, r request) (*http.Response, bool, error) {
		ctx, cancel := limit(ctx, r.timeout)
		var asked, got atomic.Bool // for a connection
		trace := &httptrace.ClientTrace{
			GetConn: func(string) { asked.Store(true) },
			GotConn: func(httptrace.GotConnInfo) { got.Store(true) },
		}
		req, err := r.http(httptrace.WithClientTrace(ctx, trace), base, userAgent)
		if err != nil {
			cancel()
			return nil, false, err
		}
		res, err := transport.RoundTrip(req)
		if err != nil {
			cancel()
			return nil, got.Load() || !asked.Load(), err
		}
		res.Body = &cancelled{res.Body, cancel}
		return res, true, nil
	}
}

func limit(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if timeout == 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, timeout)
}

// cancelled is a body whose context ends when it is closed.
type cancelled struct {
	io.ReadCloser
	cancel context.CancelFunc
}

// Close ends the context, too.
func (c *cancelled) Close() error {
	defer c.cancel()
	return c.ReadCloser.Close()
}

// address is the URL of a target.
func address(base *url.URL, target string) (*url.URL, error) {
	u, err := url.ParseRequestURI(target)
	if err != nil {
		return nil, err
	}
	u.Scheme, u.Host = base.Scheme, base.Host
	return u, nil
}

// http returns the request as net/http takes it. It has no GetBody, so that no transport can send a create a second time on
// its own.
func (r request) http(ctx context.Context, base *url.URL, userAgent string) (*http.Request, error) {
	u, err := address(base, r.target)
	if err != nil {
		return nil, err
	}
	header := http.Header{"Accept": {contentType}, "Accept-Encoding": {"identity"}, "User-Agent": {userAgent}, "Authorization": {r.authorization}}
	req := http.Request{Method: r.method, URL: u, Header: header}
	if r.body != nil {
		header["Content-Type"] = []string{contentType}
		req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(r.body)), int64(len(r.body))
	}
	return req.WithContext(ctx), nil
}
