package jobs

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Line returns foreign text as a part of one line that a person reads: white space of other kinds becomes a space, and what a terminal
// obeys or does not show, such as ESC or a sign that turns the direction of the text, is written as \u001b.
func Line(s string) string {
	if !strings.ContainsFunc(s, notInLine) {
		return s
	}
	return escape(s, notInLine)
}

// Text returns text that may have several lines, with what a terminal obeys or does not show written as in Line. In JSON it
// changes no value.
func Text(s string) string {
	if !strings.ContainsFunc(s, hidden) {
		return s
	}
	return escape(s, hidden)
}

func notInLine(r rune) bool { return r == '\n' || r == '\t' || hidden(r) }

// hidden tells control and format characters, and bytes that are no UTF-8. The two joiners are letters' business in many scripts.
func hidden(r rune) bool {
	switch {
	case r >= ' ' && r < 0x7f || r == '\n' || r == '\t' || r == 0x200c || r == 0x200d:
		return false
	case r == utf8.RuneError:
		return true
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

func escape(s string, wrong func(rune) bool) string {
	var out strings.Builder
	for i, r := range s {
		switch {
		case !wrong(r):
			out.WriteRune(r)
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], string(utf8.RuneError)):
			fmt.Fprintf(&out, `\x%02x`, s[i])
		case r == utf8.RuneError:
			out.WriteRune(r)
		case r == '\n' || r == '\t':
			out.WriteByte(' ')
		case r > 0xffff:
			for _, half := range [...]rune{0xd800 + (r-0x10000)>>10, 0xdc00 + (r-0x10000)&0x3ff} {
				fmt.Fprintf(&out, `\u%04x`, half)
			}
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
	}
	return out.String()
}
