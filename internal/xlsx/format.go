package xlsx

import (
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
