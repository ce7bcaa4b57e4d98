package xlsx

import (
	"math"
	"strconv"
	"strings"
)

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
