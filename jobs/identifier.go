package jobs

import (
	"strings"

	"github.com/sunbulk/sunbulk/internal/lazyregexp"
)

var percentEscape = lazyregexp.New(`%[0-9A-Fa-f]{2}`)

// checkIdentifier refuses an id that means another thing once a proxy, or whatever stands before the API, has simplified the
// path it is in. A slash inside is allowed: an external id may have one.
func checkIdentifier(path, id string) error {
	if classify(id)&pathByte != 0 && simplifies(id) {
		return &FieldError{path, "is a path of dots or ends in a slash: a proxy could make another id of it"}
	}
	return nil
}

// simplifies tells whether the id as a path, decoded however often, has segments of dots, or is one name with slashes around it.
func simplifies(id string) bool {
	const most = 5 // times that an id is decoded
	for range most {
		isSlash := func(r rune) bool { return r == '/' || r == '\\' }
		names := 0
		for name := range strings.FieldsFuncSeq(id, isSlash) {
			name, _, _ = strings.Cut(name, ";") // parameters of a segment, which some servers take off
			if name = strings.TrimSpace(name); name == "." || name == ".." {
				return true
			}
			names++
		}
		if names < 2 && strings.ContainsFunc(id, isSlash) {
			return true
		}
		decoded := percentEscape().ReplaceAllStringFunc(id, func(e string) string { return string([]byte{nibble(e[1])<<4 | nibble(e[2])}) })
		if decoded == id {
			return false
		}
		id = decoded
	}
	return true // nobody encodes an id so often who means it
}

func nibble(c byte) byte {
	switch {
	case c >= 'a':
		return c - 'a' + 10
	case c >= 'A':
		return c - 'A' + 10
	}
	return c - '0'
}
