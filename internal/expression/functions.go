package expression

import (
	"errors"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/expr-lang/expr"

	"github.com/sunbulk/sunbulk/internal/phone"
	"github.com/sunbulk/sunbulk/jobs"
)

// builtins are the language's own functions that an expression may use. It never changes.
var builtins = []string{"len", "lower", "trim", "trimPrefix", "trimSuffix", "upper"}

// functions are those that the language does not have, or not so that they are bounded, but for age, which is written as an
// operator.
// It never changes.
var functions = map[string]expr.Option{
	"days":    duration("days", 24*time.Hour),
	"digits":  expr.Function("digits", func(p ...any) (any, error) { return jobs.Digits(p[0].(string)), nil }, jobs.Digits),
	"hours":   duration("hours", time.Hour),
	"phone":   expr.Function("phone", func(p ...any) (any, error) { return parsePhone(p[0].(string), phone.Parse) }, new(func(string) string)),
	"number":  expr.Function("number", func(p ...any) (any, error) { return number(p[0].(string)) }, new(func(string) float64)),
	"replace": expr.Function("replace", replace, strings.Replace, strings.ReplaceAll),
	"time":    expr.Function("time", func(p ...any) (any, error) { return parseTime(p[0].(string)) }, new(func(string) time.Time)),
}

// ofPhones are the functions that are stricter where a phone number is computed. It never changes.
var ofPhones = map[string]expr.Option{
	"digits": expr.Function("digits", func(p ...any) (any, error) { return phoneDigits(p[0].(string)) }, jobs.Digits),
}

// functionNames are all functions, in the order of the alphabet.
func functionNames() []string {
	names := append([]string{"age"}, builtins...)
	for name := range functions {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// language is what the compiler is to know, beside the fields.
func language(scope Scope) []expr.Option {
	options := []expr.Option{expr.DisableAllBuiltins(), expr.DisableIfOperator(), expr.MaxNodes(maxNodes)}
	for _, name := range builtins {
		options = append(options, expr.EnableBuiltin(name))
	}
	table := maps.Clone(functions)
	maps.Copy(table, operators)
	if scope.phone {
		maps.Copy(table, ofPhones)
	}
	if c := scope.country; c != nil {
		table["phone"] = expr.Function("phone", func(p ...any) (any, error) { return parsePhone(p[0].(string), c.Parse) }, new(func(string) string))
	}
	return slices.AppendSeq(options, maps.Values(table))
}

// duration is the function that gives n of unit.
func duration(name string, unit time.Duration) expr.Option {
	return expr.Function(name, func(p ...any) (any, error) {
		n, ok := p[0].(float64)
		if !ok {
			n = float64(p[0].(int))
		}
		if !(math.Abs(n)*float64(unit) < math.MaxInt64) { // NaN, too
			return nil, errors.New(name + ": the number is too large")
		}
		return time.Duration(n * float64(unit)), nil
	}, new(func(int) time.Duration), new(func(float64) time.Duration))
}

// parsePhone gives a phone number in E.164; that of an empty text is empty, as a cell would be.
func parsePhone(s string, parse func(string) (string, error)) (string, error) {
	if s == "" {
		return "", nil
	}
	number, err := parse(s)
	if err != nil {
		return "", errors.New("the phone number " + err.Error())
	}
	return number, nil
}

// phoneDigits gives the digits of a text that can be nothing but one phone number: those of an extension or of
// decimals would make it another's.
func phoneDigits(s string) (string, error) {
	if s == "" {
		return "", nil
	}
	digits, _, err := phone.Digits(s)
	if err != nil {
		return "", errors.New("the phone number " + err.Error())
	}
	return digits, nil
}

func number(s string) (float64, error) {
	n, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return 0, errors.New("the text is no number")
	}
	return n, nil
}

// parseTime reads a time as the API writes it, or a day, which begins at midnight UTC.
func parseTime(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, errors.New("the time is empty")
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, errors.New("the text is no time such as 2026-11-22T15:30:00Z or 2026-11-22")
}
