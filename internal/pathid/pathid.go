// Package pathid tells which ids are safe as a part of a URL's path.
package pathid

import (
	"net/url"
	"strings"

	"github.com/sunbulk/sunbulk/internal/lazyregexp"
)

var percentEscape = lazyregexp.New(`%[0-9A-Fa-f]{2}`)

// Simplifies tells whether a proxy that simplifies paths, even where they are escaped, could make another id of this one: as a path,
// decoded however often, it has segments of dots, or is one name with slashes around it. A slash inside is safe: an external id may have one.
func Simplifies(id string) bool {
	if !strings.ContainsAny(id, `./\%`) {
		return false
	}
	const most = 5 // times that an id is decoded
	for range most {
		if names, dots := segments(id); dots || names < 2 && strings.ContainsFunc(id, isSlash) {
			return true
		}
		decoded := unescapeOnce(id)
		if decoded == id {
			return false
		}
		id = decoded
	}
	return true // nobody encodes an id so often who means it
}

// segments counts the segments of a path that are not empty, and tells whether one is of dots.
func segments(path string) (names int, dots bool) {
	for name := range strings.FieldsFuncSeq(path, isSlash) {
		name, _, _ = strings.Cut(name, ";") // parameters of a segment, which some servers take off
		name = strings.TrimSpace(name)
		dots = dots || name == "." || name == ".."
		names++
	}
	return names, dots
}

func unescapeOnce(s string) string {
	return percentEscape().ReplaceAllStringFunc(s, func(e string) string {
		plain, _ := url.PathUnescape(e) // the expression matches what can be decoded
		return plain
	})
}

func isSlash(r rune) bool { return r == '/' || r == '\\' }
