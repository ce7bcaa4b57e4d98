package input

import (
	"encoding/json"
	"errors"
	"io"
	"iter"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth bounds how far an object that is not closed can swallow those behind it.
const maxDepth = 64

var (
	errTooDeep   = errors.New("is nested deeper than 64")
	errLineBreak = errors.New("has a line break within a string")
)

// nesting finds the end of a JSON value that comes in pieces. It does not check the syntax.
type nesting struct {
	depth   int
	quoted  bool
	escaped bool
}

// feed returns how much of b belongs to the value, and whether the value ends there.
func feed[T string | []byte](t *nesting, b T) (n int, done bool, err error) {
	for i := range len(b) {
		switch c := b[i]; {
		case t.escaped:
			t.escaped = false
		case t.quoted && c == '\\':
			t.escaped = true
		case t.quoted && c == '\n':
			return i, false, errLineBreak
		case t.quoted && c != '"':
		case t.quoted:
			if t.quoted = false; t.depth == 0 {
				return i + 1, true, nil
			}
		case c == '"':
			t.quoted = true
		case c == '{', c == '[':
			if t.depth++; t.depth > maxDepth {
				return i, false, errTooDeep
			}
		case t.depth == 0 && (isSpace(c) || c == ',' || c == ']' || c == '}'):
			return i, true, nil
		case c == '}', c == ']':
			if t.depth--; t.depth == 0 {
				return i + 1, true, nil
			}
		}
	}
	return len(b), false, nil
}

// value returns the length of the value at the start of unread, which it holds whole then.
func (w *window) value() (int, error) {
	var t nesting
	at := 0
	for {
		n, done, err := feed(&t, w.unread()[at:])
		at += n
		switch {
		case at > maxRecord:
			return at, errTooLong
		case err != nil || done:
			return at, err
		case !w.fill():
			if errors.Is(w.err, io.EOF) {
				return at, errNotClosed
			}
			return at, w.err
		}
	}
}

var errNotClosed = errors.New("is not closed")

// skipValue moves behind a value, in constant memory.
func (w *window) skipValue() {
	var t nesting
	for {
		n, done, err := feed(&t, w.unread())
		w.advance(n)
		if done || err != nil || !w.fill() {
			return
		}
	}
}

// head returns the start of b for a rejection.
func (w *window) head(b []byte) string {
	return cut(strings.TrimSpace(string(b[:min(len(b), maxKept+1)])), maxKept)
}

// members gives the keys and the values of an object of sound JSON, in their order.
func members(object string) iter.Seq2[string, string] {
	return func(yield func(key, value string) bool) {
		rest := strings.TrimLeft(object[1:], space)
		for rest[0] != '}' {
			key, behind := cutValue(rest)
			value, behind := cutValue(strings.TrimLeft(behind, space+":"))
			if !yield(plain(key), value) {
				return
			}
			rest = strings.TrimLeft(behind, space+",")
		}
	}
}

const space = " \t\r\n"

func cutValue(s string) (value, behind string) {
	var t nesting
	n, _, _ := feed(&t, s)
	return s[:n], s[n:]
}

// plain returns the text of a value: a number keeps the digits with which it is written, null is empty.
func plain(value string) string {
	switch {
	case value == "null":
		return ""
	case value[0] != '"':
		return value
	case strings.IndexByte(value, '\\') < 0:
		return value[1 : len(value)-1]
	}
	var text string
	if json.Unmarshal([]byte(value), &text) != nil {
		return value
	}
	return text
}

// isHalf tells whether a value of sound JSON escapes one half of a surrogate pair without the other. Decoded, it
// would be another text than the one that was written.
func isHalf(value string) bool {
	if value[0] != '"' || !strings.Contains(value, `\u`) {
		return false
	}
	for i := 0; i < len(value); i++ {
		if value[i] != '\\' {
			continue
		}
		if i++; value[i] != 'u' {
			continue
		}
		unit := escaped(value[i-1:])
		i += 4
		if !utf16.IsSurrogate(unit) {
			continue
		}
		if utf16.DecodeRune(unit, escaped(value[i+1:])) == utf8.RuneError {
			return true
		}
		i += 6
	}
	return false
}

// escaped returns the UTF-16 code unit that s begins with as \uXXXX, else utf8.RuneError.
func escaped(s string) rune {
	if len(s) < 6 || s[:2] != `\u` {
		return utf8.RuneError
	}
	unit, err := strconv.ParseUint(s[2:6], 16, 16)
	if err != nil {
		return utf8.RuneError
	}
	return rune(unit)
}
