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

	"github.com/sunbulk/sunbulk/internal/transit"
)

// network reaches what does not lie on this machine.
type network struct {
	web   *http.Client
	idle  time.Duration // longest wait for a byte
	pause time.Duration // unit of the waits between connections
	store *store        // of s3://; nil before the first

	places    *Places // nil = whatever is named
	allowHTTP bool    // from any host
}

func newNetwork() *network {
	n := &network{idle: time.Minute, pause: time.Second}
	n.web = &http.Client{Transport: newTransport(), CheckRedirect: n.checkRedirect}
	return n
}

func newTransport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone() // proxy, dial and TLS timeouts
	t.ResponseHeaderTimeout = time.Minute
	t.DisableCompression = true
	return t
}

// findURL returns the place of an object on a web server.
func (n *network) findURL(raw string) ([]*place, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" { // the error's own words quote the URL
		return nil, &Error{File: "https://…", Cause: "is not a sound URL", Hint: "it looks like https://HOST/PATH"}
	}
	if !n.allows(u) {
		return nil, &Error{File: shownURL(u), Cause: "is not https, as every host but this machine must be",
			Hint: "rows name people and decide what is done to them: " + transit.Hint}
	}
	return []*place{{name: shownURL(u), get: n.getter(u)}}, nil
}

// shownURL is a URL without its secrets (I7).
func shownURL(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
}

// allows tells whether rows may come from a URL, whatever places there are.
func (n *network) allows(u *url.URL) bool {
	return transit.Private(u) || n.allowHTTP && u.Scheme == "http"
}

var (
	errRedirects        = errors.New("the server redirects too often")
	errInsecureRedirect = errors.New("the server redirects to an address that is not https")
	errStrayRedirect    = errors.New("the server redirects to an address that is not among --inputs")
)

// checkRedirect keeps redirects to https, and to places. The user of a URL is sent to its own host only.
func (n *network) checkRedirect(req *http.Request, via []*http.Request) error {
	if len(via) >= 10 {
		return errRedirects
	}
	if req.URL.Scheme != "https" && (via[len(via)-1].URL.Scheme == "https" || !n.allows(req.URL)) {
		return errInsecureRedirect
	}
	if n.places != nil && !n.places.holdsURL(req.URL) {
		return errStrayRedirect
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

// told returns what may be reported of an error of the network. Others quote URLs, with their secrets, or what
// the server sent.
func told(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	if errors.Is(err, transit.ErrInside) {
		return transit.ErrInside
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
	for _, known := range []error{context.Canceled, errRedirects, errInsecureRedirect, errStrayRedirect, io.ErrUnexpectedEOF, io.EOF} {
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
