package jobs

import "strings"

// Classes of bytes; each may need a check of its own. Most texts are words, which need none.
const (
	wordByte = 1 << iota // ASCII letters, digits and underscores
	pathByte             // what separates, ends or escapes the segments of a path
	markByte             // other printable ASCII that means nothing to a CSV file
	signByte             // any other
)

// classes is what each byte is. It never changes.
var classes = func() (classes [256]uint8) {
	for c := range classes {
		switch b := byte(c); {
		case isWordByte(b), b == '_':
			classes[c] = wordByte
		case b == '.', b == '/', b == '\\', b == '%':
			classes[c] = pathByte
		case b >= ' ' && b <= '~' && strings.IndexByte(`,;|"`, b) < 0:
			classes[c] = markByte
		default:
			classes[c] = signByte
		}
	}
	return classes
}()

// classify returns all that bytes of the text are; 0 for an empty one.
func classify(text string) (class uint8) {
	for i := range len(text) {
		class |= classes[text[i]]
	}
	return class
}
