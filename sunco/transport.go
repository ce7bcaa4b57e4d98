package sunco

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// idleTimeout is how long a connection is kept without a call: shorter than common servers keep theirs, so that few
	// calls meet one that is being closed.
	idleTimeout = 30 * time.Second
	// trusted is how long after its last answer a connection is used without a look.
	trusted = time.Millisecond
	// dialTimeout bounds the making of a connection, TLS included.
	dialTimeout = 10 * time.Second
	// contentType is of what is sent, and of what is wanted.
	contentType = "application/json"
)

// newSender returns what sends requests to base by default. It speaks HTTP/1.1 only: on HTTP/2 all calls in flight
// share a connection, and losing it would leave every one of them unanswered.
func newSender(base *url.URL, userAgent string) sender {
	if proxy, err := http.ProxyFromEnvironment(&http.Request{URL: base}); proxy != nil || err != nil {
		return through(proxied(), base, userAgent)
	}
	return newDirect(base, userAgent).send
}

// direct sends requests to one host. A call writes its request and reads its answer in the caller's own goroutine, on a
// connection that it has to itself; net/http has two goroutines for each connection, and a call costs twice the CPU. Reading
// HTTP is net/http's. No request is sent a second time once a byte of it was.
type direct struct {
	address string      // host:port
	tls     *tls.Config // nil for http
	fields  string      // of the header of every request
	buffers sync.Pool   // of *[]byte, for requests

	mu       sync.Mutex
	idle     []*conn // the one used last at the end
	sweeping bool    // a sweep is due
}

func newDirect(base *url.URL, userAgent string) *direct {
	t := &direct{
		address: net.JoinHostPort(base.Hostname(), port(base)),
		fields:  "Host: " + hostField(base.Host) + "\r\nUser-Agent: " + userAgent + "\r\nAccept: " + contentType + "\r\nAccept-Encoding: identity\r\n",
	}
	t.buffers.New = func() any { return new([]byte) }
	if base.Scheme == "https" {
		t.tls = &tls.Config{ServerName: base.Hostname(), NextProtos: []string{"http/1.1"}}
	}
	return t
}

// hostField is the host without the zone of an IPv6 address, which means nothing to others.
func hostField(host string) string {
	before, rest, zoned := strings.Cut(host, "%")
	if !zoned {
		return host
	}
	_, port, _ := strings.Cut(rest, "]")
	return before + "]" + port
}

// appendRequest appends the request as HTTP/1.1 has it.
func (t *direct) appendRequest(b []byte, r request) []byte {
	b = append(append(append(append(b, r.method...), ' '), r.target...), " HTTP/1.1\r\n"...)
	b = append(b, t.fields...)
	b = append(append(append(b, "Authorization: "...), r.authorization...), "\r\n"...)
	if r.body != nil {
		b = append(b, "Content-Type: "+contentType+"\r\nContent-Length: "...)
		b = append(strconv.AppendInt(b, int64(len(r.body)), 10), "\r\n"...)
	}
	return append(append(b, "\r\n"...), r.body...)
}

// dial makes a connection until the deadline, zero for none. The end of ctx is reported by its cause.
func (t *direct) dial(ctx context.Context, deadline time.Time) (*conn, error) {
	dialer := net.Dialer{Timeout: dialTimeout, Deadline: deadline}
	dial := dialer.DialContext
	if t.tls != nil {
		dial = (&tls.Dialer{NetDialer: &dialer, Config: t.tls}).DialContext
	}
	made, err := dial(ctx, "tcp", t.address)
	switch {
	case err == nil:
		return newConn(made, t.keep), nil
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	}
	return nil, err
}

// send makes one exchange.
func (t *direct) send(ctx context.Context, r request) (res *http.Response, sent bool, err error) {
	buffer := t.buffers.Get().(*[]byte)
	defer t.buffers.Put(buffer)
	*buffer = t.appendRequest((*buffer)[:0], r)
	var deadline time.Time
	if r.timeout > 0 {
		deadline = time.Now().Add(r.timeout)
	}
	for {
		c, err := t.connection(ctx, deadline)
		if err != nil {
			return nil, false, err
		}
		res, err := c.exchange(ctx, deadline, *buffer)
		if err == nil {
			return res, true, nil
		}
		c.Close()
		if !c.used || c.wrote > 0 || ctx.Err() != nil {
			return nil, c.wrote > 0, ending(ctx, deadline, err)
		}
		// The server has closed a connection that was idle, and no byte was sent: the next one.
	}
}

// connection returns an idle connection that the server has neither closed nor said anything on unasked, or else a new one.
func (t *direct) connection(ctx context.Context, deadline time.Time) (*conn, error) {
	for c := t.takeIdle(); c != nil; c = t.takeIdle() {
		// The look needs a deadline, too: that of the last exchange may be over.
		if time.Since(c.since) < trusted || c.SetDeadline(deadline) == nil && c.peer.silent() {
			return c, nil
		}
		c.Close()
	}
	return t.dial(ctx, deadline)
}

// takeIdle returns the connection that was used last, nil when there is none.
func (t *direct) takeIdle() *conn {
	t.mu.Lock()
	defer t.mu.Unlock()
	last := len(t.idle) - 1
	if last < 0 {
		return nil
	}
	c := t.idle[last]
	t.idle[last] = nil
	t.idle = t.idle[:last]
	return c
}

// keep takes a connection back whose answer was read to its end.
func (t *direct) keep(c *conn) {
	c.used, c.since = true, time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.idle = append(t.idle, c)
	if !t.sweeping {
		t.sweeping = true
		time.AfterFunc(idleTimeout, t.sweep)
	}
}

// sweep closes what nobody has used for the idle timeout, and comes again while connections are idle.
func (t *direct) sweep() {
	t.mu.Lock()
	fresh := slices.IndexFunc(t.idle, func(c *conn) bool { return time.Since(c.since) < idleTimeout })
	if t.sweeping = fresh >= 0; !t.sweeping {
		fresh = len(t.idle)
	}
	old := slices.Clone(t.idle[:fresh])
	t.idle = slices.Delete(t.idle, 0, fresh)
	if t.sweeping {
		time.AfterFunc(idleTimeout-time.Since(t.idle[0].since), t.sweep)
	}
	t.mu.Unlock()
	for _, c := range old {
		c.Close()
	}
}
