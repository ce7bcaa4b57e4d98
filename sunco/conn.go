package sunco

import (
	"bufio"
	"context"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"runtime"
	"time"
)

const (
	// maxAnswerHeader bounds the header of an answer, in bytes.
	maxAnswerHeader = 256 << 10
	// maxInformed bounds the 1xx answers before the real one.
	maxInformed = 5
)

// conn is a connection that carries one exchange at a time.
type conn struct {
	net.Conn
	peer  peer
	limit io.LimitedReader // of the Conn
	in    *bufio.Reader    // of the limit
	keep  func(*conn)      // takes it back

	// The end of a context cuts what the connection carries. It is watched from exchange to exchange, as long as they
	// have the same one.
	done    <-chan struct{} // of the context; nil = none is watched
	unwatch func() bool     // false: it has ended, and the connection with it

	used  bool      // it has carried an exchange
	since time.Time // of its last one
	wrote int       // bytes of the request of the present one
}

func newConn(c net.Conn, keep func(*conn)) *conn {
	made := &conn{Conn: c, peer: newPeer(c), keep: keep}
	made.limit.R = c
	made.in = bufio.NewReader(&made.limit)
	return made
}

// exchange writes the request and reads the head of its answer, until the deadline, zero for none. After an error the connection is
// of no use; wrote says whether anything of the request can have reached the server.
func (c *conn) exchange(ctx context.Context, deadline time.Time, request []byte) (*http.Response, error) {
	c.wrote = 0
	if err := c.watch(ctx, deadline); err != nil {
		return nil, err
	}
	var err error
	if c.wrote, err = c.Write(request); err != nil {
		return nil, err
	}
	runtime.Gosched() // an answer that is there when others have had their turn is read without waiting for the network
	res, err := c.answer()
	if err != nil {
		return nil, err
	}
	res.Body = &answerBody{Reader: res.Body, ctx: ctx, deadline: deadline, conn: c, last: res.Close}
	return res, nil
}

// watch lets the end of ctx cut the exchange that follows, and the deadline end it.
func (c *conn) watch(ctx context.Context, deadline time.Time) error {
	if done := ctx.Done(); done != c.done {
		if c.unwatch != nil && !c.unwatch() {
			return net.ErrClosed
		}
		c.done = done
		c.unwatch = context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
	}
	if err := c.SetDeadline(deadline); err != nil {
		return err
	}
	return context.Cause(ctx) // which may have ended before the deadline was set, and is overruled by it
}

// Close lets go of the context, too.
func (c *conn) Close() error {
	if c.unwatch != nil {
		c.unwatch()
	}
	return c.Conn.Close()
}

// answer reads the head of the answer, and passes over the 1xx ones before it.
func (c *conn) answer() (*http.Response, error) {
	c.limit.N = maxAnswerHeader
	for range maxInformed {
		res, err := http.ReadResponse(c.in, nil) // as to a GET: no request here is a HEAD
		if err != nil {
			return nil, err
		}
		if res.StatusCode >= http.StatusOK {
			c.limit.N = math.MaxInt64
			return res, nil
		}
	}
	return nil, errors.New("the server does not come to its answer")
}

// ending is why an exchange broke off: the context's own reason where that has ended, or the deadline, else what the network or the
// reader of its half answer said.
func ending(ctx context.Context, deadline time.Time, err error) error {
	switch cause := context.Cause(ctx); {
	case cause != nil:
		return cause
	case !deadline.IsZero() && !time.Now().Before(deadline):
		return context.DeadlineExceeded
	}
	return err
}

// answerBody is the body of an answer; closing it gives the connection back.
type answerBody struct {
	io.Reader
	ctx      context.Context // of the request
	deadline time.Time       // of the exchange; zero for none
	conn     *conn
	last     bool // no request may follow on the connection
	ended    bool // the body was read to its end
}

// Read reports the end of the request's context by its cause, and of its deadline.
func (b *answerBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	switch {
	case err == nil:
	case errors.Is(err, io.EOF):
		b.ended = true
	default:
		err = ending(b.ctx, b.deadline, err)
	}
	return n, err
}

// Close never fails: what was read stands.
func (b *answerBody) Close() error {
	if b.conn == nil {
		return nil
	}
	c := b.conn
	b.conn = nil
	if b.ctx.Err() != nil || b.last || !b.ended || c.in.Buffered() > 0 {
		c.Close()
		return nil
	}
	c.keep(c)
	return nil
}
