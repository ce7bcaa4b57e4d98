package local

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"
)

// LineError says which line of a journal cannot be read, and why.
type LineError struct {
	Line int64 // from 1
	Err  error
}

func (e *LineError) Error() string { return fmt.Sprintf("journal, line %d: %v", e.Line, e.Err) }
func (e *LineError) Unwrap() error { return e.Err }

var errLong = fmt.Errorf("longer than %d bytes", maxLine)

// line is one whole line. What follows the last line feed is torn: its write never ended.
type line struct {
	number int64  // from 1
	data   []byte // without the line feed; valid until the next line
	end    int64  // offset behind the line feed
}

// lines yields the whole lines of r. Its memory is that of the longest one.
func lines(r io.Reader) iter.Seq2[line, error] {
	return func(yield func(line, error) bool) {
		in := bufio.NewReaderSize(r, 64<<10)
		var l line
		for {
			l.number++
			l.data = l.data[:0]
			for more := true; more; {
				part, err := in.ReadSlice('\n')
				more = errors.Is(err, bufio.ErrBufferFull)
				switch {
				case err == io.EOF:
					return
				case err != nil && !more:
					yield(l, fmt.Errorf("read journal: %w", err))
					return
				case len(l.data)+len(part) > maxLine:
					yield(l, &LineError{l.number, errLong})
					return
				}
				l.data = append(l.data, part...)
			}
			l.end += int64(len(l.data))
			l.data = l.data[:len(l.data)-1]
			if !yield(l, nil) {
				return
			}
		}
	}
}
