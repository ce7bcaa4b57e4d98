package sunco

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// maxTitle bounds a Title, in characters.
	maxTitle = 200
	// minSecret is the length in bytes from which a secret is blanked out inside words too.
	minSecret = 8
)

// personForm finds phone numbers, e-mail addresses and paths of the API, which name a user.
var personForm = regexp.MustCompile(`\+\d[\d ().-]{5,}\d|[^\s<>"']+(?:@|%40)[^\s<>"']+|/v2/[^\s<>"']*`)

// clean makes one short line of foreign text and blanks out secrets, phone numbers, e-mail addresses and paths.
func clean(s string, secrets []string) string {
	for _, secret := range secrets {
		s = blank(s, secret)
	}
	s = personForm.ReplaceAllString(s, "…")
	s = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	runes := []rune(strings.Join(strings.Fields(s), " "))
	if len(runes) > maxTitle {
		runes = append(runes[:maxTitle-1], '…')
	}
	return string(runes)
}

// blank replaces a secret by "…". A short one counts only where it stands by itself: a user called "a" spoils no title.
func blank(s, secret string) string {
	if secret == "" {
		return s
	}
	if len(secret) >= minSecret {
		return strings.ReplaceAll(s, secret, "…")
	}
	parts := strings.Split(s, secret)
	var out strings.Builder
	for i, part := range parts {
		if i > 0 && inWord(parts[i-1], part) {
			out.WriteString(secret)
		} else if i > 0 {
			out.WriteString("…")
		}
		out.WriteString(part)
	}
	return out.String()
}

// inWord tells whether what stands between before and after is part of a longer word.
func inWord(before, after string) bool {
	last, _ := utf8.DecodeLastRuneInString(before)
	first, _ := utf8.DecodeRuneInString(after)
	return isWord(last) || isWord(first)
}

func isWord(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
}
