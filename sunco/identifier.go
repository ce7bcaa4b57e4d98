package sunco

import (
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/sunbulk/sunbulk/internal/lazyregexp"
)

// maxUser bounds a user's id or external id, in characters.
const maxUser = 1024

var percentEscape = lazyregexp.New(`%[0-9A-Fa-f]{2}`)

// checkIdentifier refuses an id that is none, and one that would lead elsewhere behind a proxy that simplifies paths even where
// they are escaped: removing the client ".." would delete the user.
func checkIdentifier(what, id string) error {
	switch {
	case id == "":
		return invalid(what + " is empty")
	case !utf8.ValidString(id):
		return invalid(what + " is not UTF-8")
	case strings.ContainsAny(id, `./\%`) && simplifies(id):
		return invalid(what + " is a path of dots or ends in a slash, which a proxy could turn into a different one")
	}
	return nil
}

func checkUser(user string) error {
	if n := utf8.RuneCountInString(user); n > maxUser {
		return invalid(fmt.Sprintf("user has %d characters, %d are allowed", n, maxUser))
	}
	return checkIdentifier("user", user)
}

// simplifies tells whether the id as a path, decoded however often, has segments of dots, or is one name with slashes around it.
func simplifies(id string) bool {
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
	return true
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
		plain, err := url.PathUnescape(e)
		if err != nil {
			return e
		}
		return plain
	})
}

func isSlash(r rune) bool { return r == '/' || r == '\\' }
