package input

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"sync"
	"syscall"
	"time"

	"github.com/sunbulk/sunbulk/internal/transit"
)

// newGuarded returns a network that reaches nothing but places: also no redirect leads out of them, and no name that
// resolves to an address inside this machine or its network. A host with a certificate may lie in a private network:
// nobody else can have that.
func newGuarded(p *Places) *network {
	n := newNetwork()
	n.places, n.allowHTTP = p, p.allowHTTP
	n.web = &http.Client{CheckRedirect: n.checkRedirect, Transport: guarded{
		secure: guardedTransport(transit.Elsewhere), plain: guardedTransport(transit.Outside),
	}}
	return n
}

// guarded are the transports of https and of http.
type guarded struct{ secure, plain *http.Transport }

// RoundTrip sends a request by the transport of its scheme.
func (g guarded) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme == "https" {
		return g.secure.RoundTrip(r)
	}
	return g.plain.RoundTrip(r)
}

// guardedTransport dials what control allows, the proxies of the environment, and addresses that are places as they stand.
func guardedTransport(control func(network, address string, _ syscall.RawConn) error) *http.Transport {
	var proxies sync.Map // host:port
	t := newTransport()
	t.Proxy = func(r *http.Request) (*url.URL, error) {
		u, err := http.ProxyFromEnvironment(r)
		if u != nil {
			proxies.Store(proxyAddress(u), true)
		}
		return u, err
	}
	free := &net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}
	strict := *free
	strict.Control = control
	t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		host, _, err := net.SplitHostPort(address)
		_, proxy := proxies.Load(address)
		if err == nil && (proxy || transit.Local(host) || net.ParseIP(host) != nil) {
			return free.DialContext(ctx, network, address)
		}
		return strict.DialContext(ctx, network, address)
	}
	return t
}

func proxyAddress(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}
