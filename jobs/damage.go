package jobs

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sunbulk/sunbulk/internal/lazyregexp"
	"github.com/sunbulk/sunbulk/internal/phone"
)

// damage says why a field cannot hold what was meant, or "": what programs put in the place of a value, or what is left of
// one. An external id may be any text, so that what merely looks odd is no damage: see Doubts.
func damage(text string) string {
	if text == "" || len(text) > longestWord && classify(text) == wordByte {
		return ""
	}
	for i := range len(text) {
		if c := text[i]; c < ' ' && !isBreak(rune(c)) || c == 0x7f {
			return "holds a control character"
		} else if c >= utf8.RuneSelf {
			return damageBeyond(text)
		}
	}
	switch {
	case text[0] == '#' && isCellError(text), strings.HasPrefix(text, "Err:") && len(text) == len("Err:502"):
		return "is the error of a spreadsheet's formula, such as #N/A; mend it there and export again"
	case text[0] == '=' && strings.HasPrefix(text, `="`) && strings.HasSuffix(text, `"`):
		return `is the formula by which a spreadsheet keeps a text as it is; take =" and " off`
	case isPlaceholder(text):
		return "holds what a program writes where a value is missing, such as NULL"
	case text[0] >= '0' && text[0] <= '9' && strings.IndexByte(text, '+') > 0 && rounded().MatchString(text):
		return phone.ErrScientific.Cause
	}
	return ""
}

// damageBeyond is damage of a text with characters beyond ASCII.
func damageBeyond(text string) string {
	switch {
	case strings.ContainsRune(text, utf8.RuneError):
		return "holds the character U+FFFD, which stands where another was lost; export again as UTF-8"
	case strings.ContainsFunc(text, func(c rune) bool { return unicode.IsControl(c) && !isBreak(c) }):
		return "holds a control character"
	case isCellError(text):
		return "is the error of a spreadsheet's formula, such as #N/A; mend it there and export again"
	}
	return ""
}

// isBreak tells line breaks and tabs, which an id may hold.
func isBreak(c rune) bool { return c == '\n' || c == '\r' || c == '\t' }

// rounded is a whole number as spreadsheets and programs show a long one. Without the sign, 12e34 can be an id in hexadecimal.
var rounded = lazyregexp.New(`^[0-9]+([.,][0-9]+)?[eE]\+[0-9]{1,3}$`)

// isCellError tells the errors of spreadsheets' formulas, in the languages in which exports have been seen.
func isCellError(text string) bool {
	switch strings.ToUpper(text) {
	case "#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#CALC!", "#FIELD!", "#BUSY!", "#BLOCKED!", "#CONNECT!", "#UNKNOWN!", "#GETTING_DATA", "#ERROR!",
		"#NV", "#BEZUG!", "#WERT!", "#ZAHL!", // German
		"#N/D", "#VALEUR!", "#NOM?", "#NOMBRE!", // French
		"#¡REF!", "#¡VALOR!", "#¿NOMBRE?", "#¡DIV/0!", "#¡NUM!", "#¡NULO!", "#VALOR!", "#NOME?", "#VALORE!": // Spanish, Portuguese, Italian
		return true
	}
	return false
}

// isPlaceholder tells what programs write for a value that is missing, spelt as they spell it.
func isPlaceholder(text string) bool {
	switch text {
	case "NULL", "null", "<null>", "(null)", "[NULL]", `\N`, "undefined", "NaN", "[object Object]":
		return true
	}
	return false
}
