package input

import (
	"bytes"
	"errors"
	"io"
)

// window is the part of a text that is being looked at: at most one record and what was read with it.
type window struct {
	r    io.Reader
	buf  []byte
	pos  int   // buf[pos:] is unread
	line int64 // of buf[pos], from 1
	err  error // what ended r

	guessed *charset // of a text that is no UTF-8; nil before that is seen
}

const (
	windowStart = 128 << 10
	windowMax   = maxRecord + windowStart
)

var errTooLong = errors.New("is longer than 1 MiB")

func newWindow(r io.Reader) *window {
	return &window{r: r, buf: make([]byte, 0, windowStart), line: 1}
}

// unread is what the window holds; it is valid until the next fill.
func (w *window) unread() []byte { return w.buf[w.pos:] }

// fill reads more behind what is unread. It returns false when there is no more, for which err
// has the reason, or when unread has reached windowMax.
func (w *window) fill() bool {
	if w.err != nil || len(w.unread()) >= windowMax {
		return false
	}
	if w.pos > 0 {
		w.buf = w.buf[:copy(w.buf, w.unread())]
		w.pos = 0
	}
	if len(w.buf) == cap(w.buf) {
		grown := make([]byte, len(w.buf), min(2*cap(w.buf), windowMax))
		copy(grown, w.buf)
		w.buf = grown
	}
	for range 100 {
		n, err := w.r.Read(w.buf[len(w.buf):cap(w.buf)])
		w.buf = w.buf[:len(w.buf)+n]
		w.err = err
		if n > 0 {
			return true
		}
		if err != nil {
			return false
		}
	}
	w.err = io.ErrNoProgress
	return false
}

// lineEnd returns the offset in unread of the first line feed at or after from. Without one it
// returns the length of unread, and errTooLong or what ended the text.
func (w *window) lineEnd(from int) (int, error) {
	for {
		if i := bytes.IndexByte(w.unread()[from:], '\n'); i >= 0 {
			if from += i; from > maxRecord {
				return from, errTooLong
			}
			return from, nil
		}
		from = len(w.unread())
		if from > maxRecord {
			return from, errTooLong
		}
		if !w.fill() {
			return from, w.err
		}
	}
}

// advance moves past n bytes of unread.
func (w *window) advance(n int) {
	w.line += int64(bytes.Count(w.unread()[:n], []byte{'\n'}))
	w.pos += n
}

// skipLine moves behind the next line feed, in constant memory.
func (w *window) skipLine() {
	for {
		if i := bytes.IndexByte(w.unread(), '\n'); i >= 0 {
			w.pos += i + 1
			w.line++
			return
		}
		w.pos = len(w.buf)
		if !w.fill() {
			return
		}
	}
}

// skipSpace moves to the next byte that is not white space and returns it, or what ended the text.
func (w *window) skipSpace() (byte, error) {
	for {
		for i, c := range w.unread() {
			if !isSpace(c) {
				w.advance(i)
				return c, nil
			}
		}
		w.advance(len(w.unread()))
		if !w.fill() {
			return 0, w.err
		}
	}
}

// skipBlankLines moves to the start of the first line that holds more than white space, behind byte order marks: those
// of files that were joined stand in the middle.
func (w *window) skipBlankLines() error {
	for {
		if err := w.skipWhite(); err != nil {
			return err
		}
		for len(w.unread()) < len(mark) && w.fill() {
		}
		if !bytes.HasPrefix(w.unread(), []byte(mark)) {
			return nil
		}
		w.advance(len(mark))
	}
}

// mark is the byte order mark in UTF-8.
const mark = "\ufeff"

func (w *window) skipWhite() error {
	for {
		for i, c := range w.unread() {
			if !isSpace(c) {
				w.advance(bytes.LastIndexAny(w.unread()[:i], "\r\n") + 1)
				return nil
			}
		}
		blank := bytes.LastIndexByte(w.unread(), '\n') + 1
		if len(w.unread())-blank > maxRecord {
			blank = len(w.unread())
		}
		w.advance(blank)
		if !w.fill() {
			return w.err
		}
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }
