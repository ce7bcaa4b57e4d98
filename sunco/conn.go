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
	maxAnswerHeader = 1 << 20
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

// exchange writes the request and reads the head of its answer. After an error the connection is of no use; wrote says
// whether anything of the request can have reached the server.
func (c *conn) exchange(req *http.Request, request []byte) (*http.Response, error) {
	unwatch := context.AfterFunc(req.Context(), func() { _ = c.SetDeadline(time.Unix(1, 0)) })
	var res *http.Response
	var err error
	if c.wrote, err = c.Write(request); err == nil {
		runtime.Gosched() // an answer that is there when others have had their turn is read without waiting for the network
		res, err = c.answer(req)
	}
	if err != nil {
		unwatch()
		return nil, err
	}
	res.Body = &answerBody{ctx: req.Context(), Reader: res.Body, conn: c, unwatch: unwatch, last: res.Close}
	return res, nil
}

// answer reads the head of the answer, and passes over the 1xx ones before it.
func (c *conn) answer(req *http.Request) (*http.Response, error) {
	c.limit.N = maxAnswerHeader
	for range maxInformed {
		res, err := http.ReadResponse(c.in, req)
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

// answerBody is the body of an answer; closing it gives the connection back.
type answerBody struct {
	io.Reader
	ctx     context.Context // of the request
	conn    *conn
	unwatch func() bool // stops watching the request's context; false = that has ended
	last    bool        // no request may follow on the connection
	ended   bool        // the body was read to its end
}

// Read tells of the end of the request's context by its cause.
func (b *answerBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	switch {
	case err == nil:
	case errors.Is(err, io.EOF):
		b.ended = true
	case context.Cause(b.ctx) != nil:
		err = context.Cause(b.ctx)
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
	if !b.unwatch() || b.last || !b.ended || c.in.Buffered() > 0 {
		c.Close()
		return nil
	}
	c.keep(c)
	return nil
}
