// Package terminal writes to people and to programs that read stdout: no reader keeps sunbulk waiting for ever, no foreign text moves a cursor,
// and no secret is shown.
package terminal

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/sunbulk/sunbulk/internal/osfile"
)

// outlet writes to a stream in a goroutine of its own, so that a reader who is slow, or gone, keeps nobody waiting for ever.
type outlet struct {
	work  chan chunk
	ended chan struct{}

	mu     sync.Mutex
	stuck  bool  // the reader is slow: nobody waits
	closed bool  // nothing is written any more
	err    error // the first of the stream's
}

// chunk is one write; done is closed after it.
type chunk struct {
	data []byte
	done chan struct{}
}

const (
	// unread is how many writes wait for a slow reader; those beyond are dropped.
	unread = 200
	// readerPatience is how long one write waits for a slow reader, before nobody waits any more.
	readerPatience = time.Second
)

func newOutlet(out io.Writer) *outlet {
	o := &outlet{work: make(chan chunk, unread), ended: make(chan struct{})}
	go o.pump(out)
	return o
}

func (o *outlet) pump(out io.Writer) {
	defer close(o.ended)
	for c := range o.work {
		_, err := out.Write(c.data)
		o.mu.Lock()
		if o.stuck = false; o.err == nil {
			o.err = err
		}
		o.mu.Unlock()
		close(c.done)
	}
}

// put hands a write over; nil when there is no room, or the outlet is closed.
func (o *outlet) put(data []byte) (done chan struct{}, stuck bool) {
	c := chunk{bytes.Clone(data), make(chan struct{})}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return nil, o.stuck
	}
	select {
	case o.work <- c:
		return c.done, o.stuck
	default:
		return nil, true
	}
}

// Write drops what cannot be written, and never fails: it is for people, who may have left.
func (o *outlet) Write(data []byte) (int, error) {
	done, stuck := o.put(data)
	if done == nil || stuck {
		return len(data), nil
	}
	timer := time.NewTimer(readerPatience)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
		o.mu.Lock()
		o.stuck = true
		o.mu.Unlock()
	}
	return len(data), nil
}

// Close waits for what is still to be written, but not long.
func (o *outlet) Close() {
	o.mu.Lock()
	stuck := o.stuck
	if !o.closed {
		o.closed = true
		close(o.work)
	}
	o.mu.Unlock()
	if stuck {
		return
	}
	timer := time.NewTimer(readerPatience)
	defer timer.Stop()
	select {
	case <-o.ended:
	case <-timer.C:
	}
}

// Data is stdout: it waits for its reader until ctx ends. Data that a reader who has left does not want is dropped;
// any other error is reported.
type Data struct {
	*outlet
	ctx context.Context
}

// NewData makes one of a stream.
func NewData(ctx context.Context, out io.Writer) Data { return Data{newOutlet(out), ctx} }

// Write is that of io.Writer.
func (o Data) Write(data []byte) (int, error) {
	done, _ := o.put(data)
	for done == nil {
		select {
		case <-o.ctx.Done():
			return 0, o.ctx.Err()
		case <-time.After(10 * time.Millisecond):
			done, _ = o.put(data)
		}
	}
	select {
	case <-done:
		if err := o.Failure(); err != nil {
			return 0, err
		}
		return len(data), nil
	case <-o.ctx.Done():
		return 0, o.ctx.Err()
	}
}

// Failure is the stream's first error, but that its reader has left.
func (o *outlet) Failure() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if osfile.ReaderLeft(o.err) || errors.Is(o.err, io.ErrClosedPipe) {
		return nil
	}
	return o.err
}
