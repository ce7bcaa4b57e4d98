package jobs

import (
	"errors"
	"regexp"
	"strings"
	"unicode"
)

// ParsePhone returns a phone number in E.164, such as +12125552368. The text holds one number with + and
// country code, as people write it: with spaces, dashes, dots and parentheses of any script, invisible
// marks, and tel: or whatsapp: before it. What is not surely one number that can exist is an error
// without the number in it.
func ParsePhone(text string) (string, error) {
	digits, international, err := PhoneDigits(text)
	switch {
	case errors.Is(err, errExtension) && !strings.ContainsAny(text, "+＋"):
		return "", errNoCode
	case err != nil:
		return "", err
	case !international && strings.HasPrefix(digits, "00"):
		return "", errors.New("begins with 00 and has no +; write + in place of 00, before the country code")
	case !international:
		return "", errNoCode
	}
	if digits, err = inPlan(digits); err != nil {
		return "", err
	}
	if text[0] == '+' && text[1:] == digits {
		return text, nil // most are: a copy would cost each row an allocation
	}
	return "+" + digits, nil
}

var (
	errNoCode     = errors.New("has no + and country code")
	errScientific = errors.New("was turned into scientific notation by a spreadsheet and its digits are lost; format the column as text and export again")
	errDecimal    = errors.New("ends in decimals, such as .0: a spreadsheet took it for a number; format the column as text and export again")
	errSeveral    = errors.New("holds more than one number, or may do so; leave one")
	errExtension  = errors.New("holds letters or an extension, which no message can reach; leave the number alone")
	errNoPhone    = errors.New("is not a phone number such as +12125552368")
)

var scientific = regexp.MustCompile(`^\+?[0-9]+([.,][0-9]+)?[eE]\+?[0-9]+$`)

// decimal is a run of digits and a fraction, or any number that ends in .0 alone. The dot of +1.2125550102 and those of
// +33.1.23.45.67.00 stand between groups.
var decimal = regexp.MustCompile(`[0-9]{5}[.,][0-9]+$|[.,]0$`)

// PhoneDigits returns the digits of a text that can be nothing but one phone number, and whether a +
// stands before them.
func PhoneDigits(text string) (digits string, international bool, err error) {
	if isPlain(text) && text != "+" {
		return text[1:], true, nil
	}
	text = plainPhone(text)
	switch {
	case strings.ContainsAny(text, "eE") && scientific.MatchString(text):
		return "", false, errScientific
	case strings.ContainsAny(text, ".,") && decimal.MatchString(text):
		return "", false, errDecimal
	}
	var b strings.Builder
	open := false
	for i, c := range text {
		switch {
		case c >= '0' && c <= '9':
			b.WriteRune(c)
		case c == '+' && !international && b.Len() == 0:
			international = true
		case strings.ContainsRune("+/,;|&\n\r\t", c):
			return "", false, errSeveral
		case unicode.IsLetter(c) || strings.ContainsRune("#*:=", c):
			return "", false, errExtension
		case c == '(' && !open:
			open = true
		case c == ')' && open && text[i-1] != '(':
			open = false
		case c == ' ' || b.Len() > 0 && (c == '-' || c == '.'):
		default:
			return "", false, errNoPhone
		}
	}
	if open || b.Len() == 0 || text[len(text)-1] > '9' || text[len(text)-1] < '0' {
		return "", false, errNoPhone
	}
	return b.String(), international, nil
}

// phoneSchemes are the prefixes by which links and providers mark a phone number.
var phoneSchemes = []string{"tel:", "whatsapp:"}

// plainPhone returns the text with digits, signs and spaces of any script in ASCII, and without invisible marks, such
// as come with a number that is copied from a list of contacts.
func plainPhone(text string) string {
	text = strings.TrimSpace(strings.Map(func(c rune) rune {
		switch {
		case c < 0x80:
			return c
		case unicode.Is(unicode.Cf, c):
			return -1
		case unicode.Is(unicode.Nd, c):
			return '0' + digitValue(c)
		case unicode.Is(unicode.Zs, c):
			return ' '
		case unicode.Is(unicode.Pd, c), c == '−':
			return '-'
		case c >= '！' && c <= '～': // full-width ASCII
			return c - '！' + '!'
		}
		return c
	}, text))
	for _, scheme := range phoneSchemes {
		if len(text) > len(scheme) && strings.EqualFold(text[:len(scheme)], scheme) {
			return strings.TrimSpace(text[len(scheme):])
		}
	}
	return text
}

// isPlain tells a text of + and digits, as most are.
func isPlain(text string) bool {
	return text != "" && text[0] == '+' && strings.Trim(text[1:], "0123456789") == ""
}

// digitValue returns the value of a digit of any script: Unicode keeps them in runs of ten.
func digitValue(c rune) rune {
	for _, r := range unicode.Nd.R16 {
		if uint16(c) >= r.Lo && c <= rune(r.Hi) {
			return (c - rune(r.Lo)) % 10
		}
	}
	for _, r := range unicode.Nd.R32 {
		if uint32(c) >= r.Lo && uint32(c) <= r.Hi {
			return (c - rune(r.Lo)) % 10
		}
	}
	return 0
}
