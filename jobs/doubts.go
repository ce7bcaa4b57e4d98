package jobs

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sunbulk/sunbulk/internal/lazyregexp"
)

// identifiers are the columns that hold ids, which may be any text and are compared to the letter.
func identifiers(r *Row) [5]struct{ Path, Text string } {
	return [5]struct{ Path, Text string }{
		{"user", r.User}, {"brandId", r.BrandID}, {"matchCriteria.integrationId", r.IntegrationID}, {"target.conversationId", r.ConversationID}, {"clientId", r.ClientID},
	}
}

// Doubts returns what is odd about the ids of a valid row: each may be meant so, and looks like what an export does to one.
func (r *Row) Doubts() []FieldError {
	var doubts []FieldError
	for _, id := range identifiers(r) {
		if cause := doubt(id.Text); cause != "" {
			doubts = append(doubts, FieldError{id.Path, cause})
		}
	}
	return doubts
}

// doubt says why a text looks like no id, or "".
func doubt(text string) string {
	if isPlainID(text) {
		return ""
	}
	if strings.ContainsFunc(text, isBreak) {
		return "holds a line break or a tab: is it one value?"
	}
	last := text[len(text)-1]
	switch c := text[0]; {
	case !isASCII(text):
		return doubtBeyond(text)
	case last == '0' && strings.Contains(text, ".0") && decimals().MatchString(text):
		return "ends in .0, as a spreadsheet writes a number"
	case len(text) >= 17 && strings.HasSuffix(text, "00") && lostDigits().MatchString(text):
		return "has only zeros behind its 15th digit, where spreadsheets lose the others"
	case (c <= '9' || c >= 'A' && c <= 'Z') && isDate(text):
		return "looks like a date, which spreadsheets make of other texts"
	case c == '\'':
		return "begins with ', by which a spreadsheet marks a text"
	case len(text) > 1 && c == '"' && last == '"':
		return "stands in quotes"
	case isNothing(text):
		return "looks like a word for no value"
	}
	return ""
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// longestWord is the length of the longest word for no value.
const longestWord = len("undefined")

// isPlainID tells an id of letters and digits, as most are: there is nothing more to look for.
func isPlainID(text string) bool {
	if len(text) <= longestWord || strings.HasSuffix(text, "00") {
		return text == ""
	}
	return classify(text) == wordByte
}

// doubtBeyond is doubt of a text with characters beyond ASCII.
func doubtBeyond(text string) string {
	switch {
	case strings.ContainsFunc(text, isInvisible):
		return "holds an invisible character, such as U+200B or U+FEFF"
	case strings.ContainsFunc(text, func(c rune) bool { return c != ' ' && unicode.IsSpace(c) }):
		return "holds a space that is not the usual one, such as U+00A0"
	case strings.ContainsAny(text, "“”„‘’‚«»"):
		return "holds typographic quotes"
	case mojibake().MatchString(text):
		return "looks like UTF-8 that was read in another encoding, such as Ã¼ for ü"
	}
	return ""
}

// isInvisible tells characters that nobody sees. The joiners are a part of the words of some languages, and of emoji.
func isInvisible(c rune) bool {
	return unicode.Is(unicode.Cf, c) && c != '\u200c' && c != '\u200d'
}

var (
	decimals   = lazyregexp.New(`^[0-9]+\.0+$`)
	lostDigits = lazyregexp.New(`^[0-9]{15}0{2,}$`)
	mojibake   = lazyregexp.New("[ÃÂ][\u0080-\u00bf]|â€|ï»¿|Ð[\u0080-\u00bf°±²³´µ¶·¸¹º»¼½¾¿]")
	dates      = lazyregexp.New(`^([0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}.*)?|[0-9]{1,2}([/.])[0-9]{1,2}[/.]([0-9]{2}|[0-9]{4})|[0-9]{1,2}-[A-Z][a-z]{2}(-[0-9]{2}|-[0-9]{4})?|[A-Z][a-z]{2}-[0-9]{2})$`)
)

// isDate tells a date as spreadsheets write them, some out of texts such as MAR1.
func isDate(text string) bool {
	const longest = len("2026-11-22T15:30:00.000+00:00")
	return len(text) >= len("1-Mar") && len(text) <= longest && strings.ContainsAny(text, "-/.") && dates().MatchString(text)
}

// isNothing tells words by which people say that there is no value.
func isNothing(text string) bool {
	if len(text) > longestWord {
		return false
	}
	switch strings.ToLower(text) {
	case "-", "--", "?", "n/a", "na", "nan", "none", "nil", "null", "unknown", "empty", "undefined", "tbd":
		return true
	}
	return false
}
