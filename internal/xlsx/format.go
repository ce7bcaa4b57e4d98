package xlsx

import (
	"math"
	"strconv"
	"strings"
)

// format is the number format of a style. The zero value shows a number as it is.
type format struct {
	day, clock bool // it shows a day, a time of day
	elapsed    bool // hours beyond a day
	sections   []section
}

// section is what shows the numbers that it is for. One without placeholders for digits shows all of them.
type section struct {
	test    func(float64) bool // nil: by its place
	tokens  []token            // of the whole part, then those of the decimals
	point   int                // of tokens, where the decimals begin; -1 = there are none
	percent bool
	general bool // shows all digits, between what stands around them
}

// token is a placeholder for a digit, or a text.
type token struct {
	digit byte // 0, # or ?; 0 for a text
	text  string
}

func (f format) isTime() bool { return f.day || f.clock }

// newFormat reads the code of a format.
func newFormat(code string) format {
	var f format
	parts := split(code)
	for _, p := range parts {
		day, clock, elapsed := timeOf(p)
		f.day, f.clock, f.elapsed = f.day || day, f.clock || clock, f.elapsed || elapsed
	}
	if f.isTime() {
		return f
	}
	for _, p := range parts {
		f.sections = append(f.sections, newSection(p))
	}
	return f
}

// split cuts a code at the semicolons that stand in no text.
func split(code string) (parts []string) {
	from, quoted := 0, false
	for i := 0; i < len(code); i++ {
		switch c := code[i]; {
		case c == '\\' && !quoted:
			i++
		case c == '"':
			quoted = !quoted
		case c == ';' && !quoted:
			parts = append(parts, code[from:i])
			from = i + 1
		}
	}
	return append(parts, code[from:])
}

// timeOf tells what a section shows of a time. Without hours or seconds beside it, m stands for months.
func timeOf(code string) (day, clock, elapsed bool) {
	months := false
	for rest := code; rest != ""; {
		c, _, behind := cutToken(rest)
		if c == '[' {
			inner := strings.ToLower(strings.Trim(rest[:len(rest)-len(behind)], "[]"))
			if inner != "" && strings.Trim(inner, "hms") == "" {
				clock, elapsed = true, true
			}
		}
		switch c | 0x20 {
		case 'y', 'd':
			day = true
		case 'h', 's':
			clock = true
		case 'm':
			months = true
		case 'g': // General, or an era
			if len(rest) >= len("General") && strings.EqualFold(rest[:len("General")], "General") {
				behind = rest[len("General"):]
			}
		}
		rest = behind
	}
	return day || months && !clock, clock, elapsed
}

// cutToken takes the next part off a code: a sign with its text where it has one. Texts in quotes and behind a backslash are of the sign 0.
func cutToken(code string) (sign byte, text, behind string) {
	switch c := code[0]; c {
	case '"':
		if end := strings.IndexByte(code[1:], '"'); end >= 0 {
			return 0, code[1 : 1+end], code[end+2:]
		}
		return 0, code[1:], ""
	case '\\', '_', '*':
		size := min(len(code), 1+max(1, runeLength(code[1:])))
		if c != '\\' {
			return 0, "", code[size:] // a gap, or what fills one
		}
		return 0, code[1:size], code[size:]
	case '[':
		if end := strings.IndexByte(code, ']'); end > 0 {
			return '[', code[1:end], code[end+1:]
		}
	}
	size := max(1, runeLength(code))
	return code[0], code[:size], code[size:]
}

func runeLength(s string) int {
	for i := range s {
		if i > 0 {
			return i
		}
	}
	return len(s)
}

func newSection(code string) section {
	s := section{point: -1}
	for rest := code; rest != ""; {
		sign, text, behind := cutToken(rest)
		switch {
		case sign == '[':
			if test := condition(text); test != nil {
				s.test = test
			} else if money, ok := strings.CutPrefix(text, "$"); ok {
				money, _, _ = strings.Cut(money, "-")
				s.tokens = append(s.tokens, token{text: money})
			}
		case sign == '0', sign == '#', sign == '?':
			s.tokens = append(s.tokens, token{digit: sign})
		case sign == '.' && s.point < 0:
			s.point = len(s.tokens)
		case sign == ',': // the groups of a number are no part of it
		case sign == '%':
			s.percent = true
			s.tokens = append(s.tokens, token{text: "%"})
		case sign == '@', sign == '/', sign == 'E', sign == 'e': // a text, a fraction, an exponent
			return section{point: -1, test: s.test, general: true, tokens: []token{{digit: '0'}}}
		case (sign == 'G' || sign == 'g') && len(rest) >= len("General") && strings.EqualFold(rest[:len("General")], "General"):
			s.general, behind = true, rest[len("General"):]
			s.tokens = append(s.tokens, token{digit: '0'})
		default:
			s.tokens = append(s.tokens, token{text: text})
		}
		rest = behind
	}
	return s
}

// condition reads a test such as <=9999999; nil for what is none.
func condition(text string) func(float64) bool {
	sign := text[:len(text)-len(strings.TrimLeft(text, "<>="))]
	than, err := strconv.ParseFloat(text[len(sign):], 64)
	if err != nil {
		return nil
	}
	switch sign {
	case "<":
		return func(x float64) bool { return x < than }
	case "<=":
		return func(x float64) bool { return x <= than }
	case ">":
		return func(x float64) bool { return x > than }
	case ">=":
		return func(x float64) bool { return x >= than }
	case "=":
		return func(x float64) bool { return x == than }
	case "<>":
		return func(x float64) bool { return x != than }
	}
	return nil
}

// number shows a number whose digits without an exponent are given.
func (f format) number(x float64, digits string) string {
	if len(f.sections) == 0 {
		return digits
	}
	s, signed := f.section(x)
	text := strings.TrimSpace(s.show(math.Abs(x), strings.TrimPrefix(digits, "-")))
	if !s.hasDigits() || text == "" {
		return digits // it hides the number
	}
	if x < 0 && signed {
		return "-" + text
	}
	return text
}

// section chooses the one that is for a number; signed says that it does not tell negative numbers itself.
func (f format) section(x float64) (s *section, signed bool) {
	for i := range f.sections {
		if t := f.sections[i].test; t != nil && t(x) {
			return &f.sections[i], true
		}
	}
	if f.sections[0].test != nil {
		for i := range f.sections {
			if f.sections[i].test == nil {
				return &f.sections[i], true
			}
		}
		return &section{general: true, tokens: []token{{digit: '0'}}, point: -1}, true
	}
	switch {
	case x < 0 && len(f.sections) > 1:
		return &f.sections[1], false
	case x == 0 && len(f.sections) > 2:
		return &f.sections[2], false
	}
	return &f.sections[0], true
}

func (s *section) hasDigits() bool {
	for _, t := range s.tokens {
		if t.digit != 0 {
			return true
		}
	}
	return false
}

// show fills the digits of a number, which is not negative, into the placeholders.
func (s *section) show(x float64, digits string) string {
	if s.percent {
		x *= 100
		digits = plain(x)
	}
	whole, decimals := s.tokens, []token(nil)
	if s.point >= 0 {
		whole, decimals = s.tokens[:s.point], s.tokens[s.point:]
	}
	if s.general {
		return join(whole, digits) + join(decimals, "")
	}
	places := 0
	for _, t := range decimals {
		if t.digit != 0 {
			places++
		}
	}
	if strings.Contains(digits, ".") || places > 0 {
		digits = strconv.FormatFloat(x, 'f', places, 64)
	}
	before, after, _ := strings.Cut(digits, ".")
	text := fillWhole(whole, before)
	if s.point < 0 {
		return text
	}
	if after = fillDecimals(decimals, after); after == "" || after[0] < '0' || after[0] > '9' {
		return text + after
	}
	return text + "." + after
}

// fillWhole fills digits from the last placeholder to the first, which takes what is left.
func fillWhole(tokens []token, digits string) string {
	if digits == "0" {
		digits = ""
	}
	first := len(tokens)
	for i := len(tokens) - 1; i >= 0; i-- {
		if tokens[i].digit != 0 {
			first = i
		}
	}
	text := ""
	for i := len(tokens) - 1; i >= 0; i-- {
		switch t := tokens[i]; {
		case t.digit == 0:
			text = t.text + text
		case i == first:
			if digits == "" && t.digit == '0' {
				digits = "0"
			}
			text = digits + text
		case digits != "":
			text, digits = digits[len(digits)-1:]+text, digits[:len(digits)-1]
		case t.digit == '0':
			text = "0" + text
		}
	}
	return text
}

// fillDecimals fills digits from the first placeholder to the last. Zeros at the end stand only where a placeholder asks for them.
func fillDecimals(tokens []token, digits string) string {
	kept := 0
	for i, place := 0, 0; i < len(tokens); i++ {
		if tokens[i].digit != 0 {
			if place++; tokens[i].digit == '0' || place <= len(digits) && digits[place-1] != '0' {
				kept = place
			}
		}
	}
	var text strings.Builder
	place := 0
	for _, t := range tokens {
		if t.digit == 0 {
			text.WriteString(t.text)
			continue
		}
		if place++; place <= kept && place <= len(digits) {
			text.WriteByte(digits[place-1])
		}
	}
	return text.String()
}

// join writes digits in the place of the first placeholder.
func join(tokens []token, digits string) string {
	var text strings.Builder
	for _, t := range tokens {
		text.WriteString(t.text)
		if t.digit != 0 {
			text.WriteString(digits)
			digits = ""
		}
	}
	return text.String()
}
