package sunco

import (
	"html"
	"iter"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// layer is a text with some of its escapes read. Each byte knows of which bytes of the original it was made.
type layer struct {
	text   []byte
	starts []int // nil for the original itself
	ends   []int
}

func (l layer) from(i int) int {
	if l.starts == nil {
		return i
	}
	return l.starts[i]
}

func (l layer) to(i int) int {
	if l.ends == nil {
		return i + 1
	}
	return l.ends[i]
}

// layers yields a text as it stands, and then with its escapes read, time and again while there are any: what went through
// a URL, JSON and a page is escaped three times.
func layers(text string) iter.Seq[layer] {
	const most = 4
	return func(yield func(layer) bool) {
		l := layer{text: []byte(text)}
		for range most {
			if !yield(l) {
				return
			}
			var more bool
			if l, more = l.unescape(); !more {
				return
			}
		}
	}
}

// unescape reads each escape once; more is false when there was none.
func (l layer) unescape() (next layer, more bool) {
	if !strings.ContainsAny(string(l.text), `%\&`) {
		return l, false
	}
	var made [utf8.UTFMax]byte
	for i := 0; i < len(l.text); {
		out, length := readEscape(l.text[i:], made[:0])
		if length == 0 {
			out, length = l.text[i:i+1], 1
		} else {
			more = true
		}
		for _, c := range out {
			next.text = append(next.text, c)
			next.starts = append(next.starts, l.from(i))
			next.ends = append(next.ends, l.to(i+length-1))
		}
		i += length
	}
	return next, more
}

// readEscape reads the escape that s begins with, appends what it stands for to out, and returns its length, 0 for none.
func readEscape(s, out []byte) ([]byte, int) {
	switch s[0] {
	case '%':
		if code, ok := hexDigits(s, 1, 2); ok {
			return append(out, byte(code)), 3
		}
		if len(s) > 1 && (s[1] == 'u' || s[1] == 'U') {
			if code, ok := hexDigits(s, 2, 4); ok {
				return utf8.AppendRune(out, rune(code)), 6
			}
		}
	case '\\':
		return readBackslash(s, out)
	case '&':
		const longest = 12
		end := strings.IndexByte(string(s[:min(len(s), longest)]), ';')
		if end < 2 {
			return out, 0
		}
		escape := string(s[:end+1])
		if plain := html.UnescapeString(escape); plain != escape {
			return append(out, plain...), end + 1
		}
	}
	return out, 0
}

func readBackslash(s, out []byte) ([]byte, int) {
	if len(s) < 2 {
		return out, 0
	}
	switch s[1] {
	case '"', '\\', '/', '\'':
		return append(out, s[1]), 2
	case 'x':
		if code, ok := hexDigits(s, 2, 2); ok {
			return append(out, byte(code)), 4
		}
	case 'u':
		high, ok := hexDigits(s, 2, 4)
		if !ok {
			return out, 0
		}
		if len(s) >= 12 && s[6] == '\\' && s[7] == 'u' {
			low, ok := hexDigits(s, 8, 4)
			if r := utf16.DecodeRune(rune(high), rune(low)); ok && r != utf8.RuneError {
				return utf8.AppendRune(out, r), 12
			}
		}
		return utf8.AppendRune(out, rune(high)), 6
	}
	return out, 0
}

// hexDigits reads n hex digits of s from a place on.
func hexDigits(s []byte, at, n int) (uint64, bool) {
	if len(s) < at+n {
		return 0, false
	}
	code, err := strconv.ParseUint(string(s[at:at+n]), 16, 32)
	return code, err == nil
}
