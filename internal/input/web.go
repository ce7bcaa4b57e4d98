package input

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

// network reaches what does not lie on this machine.
type network struct {
	web   *http.Client
	idle  time.Duration // longest wait for a byte
	pause time.Duration // unit of the waits between connections
	store *store        // of s3://; nil before the first
}

func newNetwork() *network {
	t := http.DefaultTransport.(*http.Transport).Clone() // proxy, dial and TLS timeouts
	t.ResponseHeaderTimeout = time.Minute
	t.DisableCompression = true
	return &network{web: &http.Client{Transport: t, CheckRedirect: checkRedirect}, idle: time.Minute, pause: time.Second}
}

// findURL returns the place of an object on a web server.
func (n *network) findURL(raw string) ([]*place, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" { // the error's own words quote the URL
		return nil, &Error{File: "https://…", Cause: "is not a sound URL", Hint: "it looks like https://HOST/PATH"}
	}
	name := (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
	if !isSafe(u) {
		return nil, &Error{File: name, Cause: "is not https, as every host but this machine must be",
			Hint: "rows name people and decide what is done to them: nobody may read or change them on their way"}
	}
	return []*place{{name: name, get: n.getter(u)}}, nil
}

// isSafe tells whether nobody between here and the server can read or change what comes.
func isSafe(u *url.URL) bool {
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
}

var (
	errRedirects        = errors.New("the server redirects too often")
	errInsecureRedirect = errors.New("the server redirects to an address that is not https")
)

// checkRedirect keeps redirects to https. The user of a URL is sent to its own host only.
func checkRedirect(req *http.Request, via []*http.Request) error {
	if len(via) >= 10 {
		return errRedirects
	}
	if req.URL.Scheme != "https" && (via[0].URL.Scheme == "https" || !isSafe(req.URL)) {
		return errInsecureRedirect
	}
	req.Header.Del("Referer") // the query of a presigned URL would be in it
	return nil
}

func (n *network) getter(u *url.URL) getter {
	return func(ctx context.Context, header http.Header) (http.Header, io.ReadCloser, error) {
		header.Set("Accept-Encoding", "identity")
		header.Set("User-Agent", "sunbulk")
		res, err := n.web.Do((&http.Request{Method: http.MethodGet, URL: u, Header: header}).WithContext(ctx))
		if err != nil {
			return nil, nil, told(err)
		}
		switch {
		case res.StatusCode != http.StatusOK && res.StatusCode != http.StatusPartialContent:
			err = &refusal{status: res.StatusCode}
		case res.ContentLength < 0 && res.ProtoMajor == 1 && len(res.TransferEncoding) == 0:
			err = errNoEnd
		}
		if err != nil {
			res.Body.Close()
			return nil, nil, err
		}
		return res.Header, res.Body, nil
	}
}

var (
	errNoEnd   = errors.New("the server tells neither the length nor the end: a connection that breaks would pass for a whole file")
	errNoSound = errors.New("the answer is not sound HTTP, or redirects to no sound address")
)

// refusal is an answer that is not the object.
type refusal struct {
	status int
	code   string // of S3, such as NoSuchKey; may be empty
	hint   string // may be empty
}

func (r *refusal) Error() string {
	text := fmt.Sprintf("the server answers %d %s", r.status, http.StatusText(r.status))
	if r.code != "" {
		text += " (" + r.code + ")"
	}
	return text
}

// passes tells whether the same request may be answered otherwise a little later.
func (r *refusal) passes() bool {
	return r.status == http.StatusRequestTimeout || r.status == http.StatusTooManyRequests || r.status >= 500
}

// told returns what may be told of an error of the network. Others quote URLs, with their secrets, or what
// the server sent.
func told(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	if e, ok := errors.AsType[*net.OpError](err); ok {
		return e
	}
	if e, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return e
	}
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
		return errors.New("the server does not answer in time")
	}
	for _, known := range []error{context.Canceled, errRedirects, errInsecureRedirect, io.ErrUnexpectedEOF, io.EOF} {
		if errors.Is(err, known) {
			return known
		}
	}
	return errNoSound
}

// unavailable is the *Error of an object that cannot be had.
func unavailable(name string, err error) *Error {
	hint := "check the address and the network"
	e, refused := errors.AsType[*refusal](err)
	if refused {
		switch {
		case e.hint != "":
			hint = e.hint
		case e.status == http.StatusUnauthorized || e.status == http.StatusForbidden:
			hint = "check the user or the signature in the URL; a signature may have expired"
		case e.passes():
			hint = "try again later"
		default:
			hint = "check the address"
		}
	}
	return &Error{File: name, Cause: "cannot be read", Hint: hint, Err: err, Unavailable: true, Passing: !refused || e.passes()}
}
