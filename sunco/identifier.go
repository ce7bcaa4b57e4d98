package sunco

import (
	"fmt"
	"unicode/utf8"

	"github.com/sunbulk/sunbulk/internal/pathid"
)

// maxUser bounds a user's id or external id, in characters.
const maxUser = 1024

// checkIdentifier refuses an id that is none, and one that would lead elsewhere behind a proxy that simplifies paths even where
// they are escaped: removing the client ".." would delete the user.
func checkIdentifier(what, id string) error {
	switch {
	case id == "":
		return invalid(what + " is empty")
	case !utf8.ValidString(id):
		return invalid(what + " is not UTF-8")
	case pathid.Simplifies(id):
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
