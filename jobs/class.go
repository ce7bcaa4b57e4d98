package jobs

// Classes of bytes; each may need a check of its own. Most texts are words, which need none.
const (
	wordByte = 1 << iota // ASCII letters, digits and underscores
	pathByte             // what separates, ends or escapes the segments of a path
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
