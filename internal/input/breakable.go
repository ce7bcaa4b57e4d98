package input

import (
	"context"
	"io"
)

// breakable reads a pipe or a terminal until ctx ends, though nothing may come from it for long. It is for one goroutine.
type breakable struct {
	ctx   context.Context
	r     io.Reader
	buf   []byte
	reads chan read // one, when a reading is under way: the one that was broken off reads on
	left  read      // of the last reading
}

type read struct {
	data []byte
	err  error
}

func newBreakable(ctx context.Context, r io.Reader) *breakable {
	return &breakable{ctx: ctx, r: r, buf: make([]byte, 64<<10), reads: make(chan read, 1)}
}

func (b *breakable) Read(p []byte) (int, error) {
	if len(b.left.data) == 0 && b.left.err == nil {
		if err := b.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, b.left.data)
	b.left.data = b.left.data[n:]
	if len(b.left.data) == 0 {
		return n, b.left.err
	}
	return n, nil
}

// fill waits for the next reading.
func (b *breakable) fill() error {
	if err := context.Cause(b.ctx); err != nil {
		return err
	}
	go func() {
		n, err := b.r.Read(b.buf)
		b.reads <- read{b.buf[:n], err}
	}()
	select {
	case b.left = <-b.reads:
		return nil
	case <-b.ctx.Done():
		b.left.err = context.Cause(b.ctx) // and nothing is read any more
		return b.left.err
	}
}
