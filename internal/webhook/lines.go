package webhook

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"iter"
)

// Lines yields the payloads of a file that has one a line, each good until the next. Of a line that is longer than MaxPayload it yields
// a part that Decode refuses.
func Lines(r io.Reader) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		in := bufio.NewReaderSize(r, 1<<16)
		var line []byte
		for {
			part, err := in.ReadSlice('\n')
			line = append(line, part[:min(len(part), MaxPayload+1-len(line))]...)
			if errors.Is(err, bufio.ErrBufferFull) {
				continue
			}
			if err != nil && !errors.Is(err, io.EOF) {
				yield(nil, err)
				return
			}
			if payload := bytes.TrimSpace(line); len(line) > MaxPayload || len(payload) > 0 {
				if len(line) > MaxPayload {
					payload = line
				}
				if !yield(payload, nil) {
					return
				}
			}
			if err != nil {
				return
			}
			line = line[:0]
		}
	}
}
