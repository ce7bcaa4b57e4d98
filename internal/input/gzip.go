package input

import (
	"bufio"
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"
)

// gzipMembers reads the members of a gzip file one behind the other. Zeros behind the last one are padding, as tapes and
// block devices leave it; gzip(1) passes over them, too.
type gzipMembers struct {
	packed *bufio.Reader
	member *gzip.Reader
}

func newGzipMembers(packed *bufio.Reader) (*gzipMembers, error) {
	z, err := gzip.NewReader(packed)
	if err != nil {
		return nil, err
	}
	z.Multistream(false)
	return &gzipMembers{packed, z}, nil
}

func (g *gzipMembers) Read(p []byte) (int, error) {
	for {
		n, err := g.member.Read(p)
		if !errors.Is(err, io.EOF) {
			return n, err
		}
		if err := g.next(); n > 0 || err != nil {
			return n, err
		}
	}
}

// next goes to the next member; io.EOF when there is none.
func (g *gzipMembers) next() error {
	padded := false
	for {
		b, err := g.packed.ReadByte()
		switch {
		case err != nil:
			return err
		case b == 0:
			padded = true
			continue
		case padded:
			return errors.New("there is other data behind the zeros at its end")
		}
		if err := g.packed.UnreadByte(); err != nil {
			return err
		}
		if err := g.member.Reset(g.packed); err != nil {
			return err
		}
		g.member.Multistream(false)
		return nil
	}
}

func (g *gzipMembers) Close() error { return g.member.Close() }
