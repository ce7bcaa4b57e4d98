package phone

import (
	"strings"
	"unicode"

	"github.com/sunbulk/sunbulk/internal/lazyregexp"
)

var scientific = lazyregexp.New(`^\+?[0-9]+([.,][0-9]+)?[eE]\+?[0-9]+$`)

// decimal is a run of digits and a fraction, or any number that ends in .0 alone. The dot of +1.2125550102 and those of
// +33.1.23.45.67.00 stand between groups.
var decimal = lazyregexp.New(`[0-9]{5}[.,][0-9]+$|[.,]0$`)

// dialled is a number as it is dialled within a country, with one dot after the area code, such as 07700.900050: a
// spreadsheet writes no 0 before a number. Zeros and few digits after the dot may still be a fraction.
var dialled = lazyregexp.New(`^0[0-9]{4,5}\.[1-9][0-9]{3,}$`)

// Digits returns the digits of a text that can be nothing but one phone number, and whether a +
// stands before them.
func Digits(text string) (digits string, international bool, err error) {
	if digits, ok := strings.CutPrefix(text, "+"); ok && allDigits(digits) {
		return digits, true, nil
	}
	text = plain(text)
	switch {
	case strings.ContainsAny(text, "eE") && scientific().MatchString(text):
		return "", false, ErrScientific
	case strings.ContainsAny(text, ".,") && decimal().MatchString(text) && !dialled().MatchString(text):
		return "", false, errDecimals
	}
	var b strings.Builder
	open := false
	for i, c := range text {
		switch {
		case c >= '0' && c <= '9':
			b.WriteRune(c)
		case c == '+' && !international && b.Len() == 0:
			international = true
		case strings.ContainsRune("+/,;|&\n\r\t", c):
			return "", false, errSeveral
		case unicode.IsLetter(c) || strings.ContainsRune("#*:=", c):
			return "", false, errExtension
		case c == '(' && !open:
			open = true
		case c == ')' && open && text[i-1] != '(':
			open = false
		case c == ' ' || b.Len() > 0 && (c == '-' || c == '.'):
		default:
			return "", false, errNoNumber
		}
	}
	if open || b.Len() == 0 || text[len(text)-1] > '9' || text[len(text)-1] < '0' {
		return "", false, errNoNumber
	}
	return b.String(), international, nil
}

// schemes are the prefixes by which links and providers mark a phone number.
var schemes = []string{"tel:", "whatsapp:"}

// plain returns the text with digits, signs and spaces of any script in ASCII, and without invisible marks, such
// as come with a number that is copied from a list of contacts.
func plain(text string) string {
	text = strings.TrimSpace(strings.Map(func(c rune) rune {
		switch {
		case c < 0x80:
			return c
		case unicode.Is(unicode.Cf, c):
			return -1
		case unicode.Is(unicode.Nd, c):
			return '0' + digitValue(c)
		case unicode.Is(unicode.Zs, c):
			return ' '
		case unicode.Is(unicode.Pd, c), c == '−':
			return '-'
		case c >= '！' && c <= '～': // full-width ASCII
			return c - '！' + '!'
		}
		return c
	}, text))
	for _, scheme := range schemes {
		if len(text) > len(scheme) && strings.EqualFold(text[:len(scheme)], scheme) {
			return strings.TrimSpace(text[len(scheme):])
		}
	}
	return text
}

// allDigits tells a text of ASCII digits, with one at least.
func allDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != ""
}

// digitValue returns the value of a digit of any script: Unicode keeps them in runs of ten.
func digitValue(c rune) rune {
	for _, r := range unicode.Nd.R16 {
		if uint16(c) >= r.Lo && c <= rune(r.Hi) {
			return (c - rune(r.Lo)) % 10
		}
	}
	for _, r := range unicode.Nd.R32 {
		if uint32(c) >= r.Lo && uint32(c) <= r.Hi {
			return (c - rune(r.Lo)) % 10
		}
	}
	return 0
}
