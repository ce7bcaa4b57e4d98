package input

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// getter asks for an object under the conditions in the header, and returns the header and the body
// of an answer of status 200 or 206. Another answer is a *refusal.
type getter func(ctx context.Context, header http.Header) (http.Header, io.ReadCloser, error)

// maxTries bounds how often a connection is made again without a byte coming: two and a half minutes.
const maxTries = 10

// remote reads an object over the network as one stream. A connection that breaks, as it does when
// nobody reads for long, is made again where it broke, as long as the object is the same.
type remote struct {
	ctx     context.Context // of the reading; a Read has none of its own
	network *network
	get     getter
	version version
	at      int64 // bytes read
	tries   int   // since a byte came

	body io.ReadCloser // nil when there is no connection
	stop context.CancelFunc
	err  error // ends the reading for good
}

// openRemote makes the first connection to what lies at a place, if it is still of the version that was
// found. It is not tried again: what is wrong with it shows at once. Its error is an *Error.
func openRemote(ctx context.Context, n *network, p *place) (*remote, error) {
	if r := p.first; r != nil {
		p.first, r.ctx = nil, ctx
		return r, nil
	}
	r := &remote{ctx: ctx, network: n, get: p.get, version: p.version}
	if err := r.connect(); err != nil {
		return nil, unavailable(p.name, err)
	}
	return r, nil
}

func (r *remote) connect() error {
	// The request outlives the context in which it is made, and ends with the one in which it is read.
	ctx, stop := context.WithCancel(context.WithoutCancel(r.ctx))
	defer context.AfterFunc(r.ctx, stop)()
	header, body, err := r.get(ctx, r.version.ask(r.at))
	if err != nil {
		stop()
		if e, ok := errors.AsType[*refusal](err); ok && e.status == http.StatusPreconditionFailed {
			return errChanged
		}
		return err
	}
	r.body, r.stop = body, stop
	if r.version == (version{}) {
		r.version = newVersion(header)
		return nil
	}
	if err := r.version.check(header, r.at); err != nil {
		r.close()
		return err
	}
	return nil
}

func (r *remote) Read(p []byte) (int, error) {
	for r.err == nil {
		n, err := r.read(p)
		r.at += int64(n)
		if n > 0 {
			r.tries = 0
			return n, nil
		}
		if err != nil {
			r.err = r.again(err)
		}
	}
	return 0, r.err
}

// read reads from the connection, which it makes if there is none. It waits for bytes for a time,
// of which nothing is used up while nobody reads.
func (r *remote) read(p []byte) (int, error) {
	if r.body == nil {
		if err := r.connect(); err != nil {
			return 0, err
		}
	}
	defer context.AfterFunc(r.ctx, r.stop)()
	timer := time.AfterFunc(r.network.idle, r.stop)
	n, err := r.body.Read(p)
	late := !timer.Stop()
	whole := r.version.size == 0 || r.at+int64(n) == r.version.size
	switch {
	case err == nil, errors.Is(err, io.EOF) && whole:
		return n, err
	case errors.Is(err, io.EOF):
		return n, io.ErrUnexpectedEOF
	case late:
		return n, fmt.Errorf("nothing came for %s", r.network.idle)
	}
	return n, told(err)
}

// again waits before the next connection, or returns what ends the reading.
func (r *remote) again(err error) error {
	if errors.Is(err, io.EOF) {
		return io.EOF
	}
	r.close()
	if cause := r.ctx.Err(); cause != nil {
		return cause
	}
	e, refused := errors.AsType[*refusal](err)
	switch {
	case errors.Is(err, errChanged), errors.Is(err, errNoRange):
		return err
	case refused && !e.passes():
		return fmt.Errorf("the connection broke, and could not be made again: %w", err)
	case !r.version.known():
		return fmt.Errorf("the connection broke, and the server tells no ETag or time of change by which to go on: %w", err)
	case r.tries == maxTries:
		return fmt.Errorf("the connection broke, and could not be made again for minutes: %w", err)
	}
	// 0.5, 1, 2, 4, 8, 16, 30 … s
	wait := min(r.network.pause<<r.tries>>1, 30*r.network.pause)
	r.tries++
	select {
	case <-r.ctx.Done():
		return r.ctx.Err()
	case <-time.After(wait):
		return nil
	}
}

// close ends the connection.
func (r *remote) close() error {
	if r.body == nil {
		return nil
	}
	r.stop()
	err := r.body.Close()
	r.body = nil
	return err
}
