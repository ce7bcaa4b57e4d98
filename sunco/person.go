package sunco

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sunbulk/sunbulk/internal/lazyregexp"
)

// personForm finds phone numbers, e-mail addresses, paths of the API, which name a user, and JWTs.
var personForm = lazyregexp.New(`(?:[+＋]|\btel:)\d(?:[\p{Zs}().\p{Pd}/]*\d){6,}|[^\s<>"']+(?:@|%40|＠)[^\s<>"']+|/v2/[^\s<>"']*|eyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?`)

// suffix is how many last digits of a phone number name it, whatever is written before them: a country code, 00, 0 or nothing.
const suffix = 7

// phoneDigits are the digits of a text that can be a phone number, none for another.
func phoneDigits(s string) []byte {
	var digits []byte
	for _, r := range strings.TrimPrefix(strings.ToLower(s), "tel:") {
		if d, ok := digit(r); ok {
			digits = append(digits, d)
		} else if !separates(r) {
			return nil
		}
	}
	if len(digits) < suffix-1 { // the shortest numbers with a country code have 6
		return nil
	}
	return digits
}

// markPhone marks each group of digits of a layer that ends in those of the number, or holds its last ones.
func markPhone(l layer, number []byte, marks *marks) {
	const widest = 4 // signs between two digits of a number
	tail := string(number[max(0, len(number)-suffix):])
	var digits []byte
	start, end, gap := 0, 0, 0
	flush := func() {
		if strings.Contains(string(digits), tail) {
			for start > 0 && strings.ContainsRune("+(", rune(l.text[start-1])) {
				start--
			}
			marks.mark(l, start, end)
		}
		digits = digits[:0]
	}
	for i := 0; i < len(l.text); {
		r, size := utf8.DecodeRune(l.text[i:])
		if d, ok := digit(r); ok {
			if len(digits) == 0 {
				start = i
			}
			digits, end, gap = append(digits, d), i+size, 0
		} else if gap++; gap > widest || !separates(r) {
			flush()
		}
		i += size
	}
	flush()
}

// digit reads the digits that keyboards and spreadsheets write.
func digit(r rune) (byte, bool) {
	for _, zero := range [...]rune{'0', '０', '٠', '۰', '०'} {
		if r >= zero && r <= zero+9 {
			return '0' + byte(r-zero), true
		}
	}
	return 0, false
}

// separates tells the signs that people and programs put between the digits of a number.
func separates(r rune) bool {
	return strings.ContainsRune("+＋().,/_*·", r) || unicode.IsSpace(r) || unicode.In(r, unicode.Pd, unicode.Zs, unicode.Cf)
}
