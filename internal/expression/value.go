package expression

import (
	"errors"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Value is a text with expressions in it, such as chat-${row.user}. It is not for concurrent use.
type Value struct {
	parts  []part
	fields []Field
}

// part is a text as it stands, or an expression.
type part struct {
	text    string
	at      int      // character of the value where the expression begins, from 0
	program *program // nil for a text
	read    []int    // index of each of its fields in those of the value
	values  []string
}

// IsValue tells whether a text is to be compiled as a Value; else it is a constant.
func IsValue(text string) bool { return strings.Contains(text, "${") }

// CompileValue returns the value of a text, in which ${…} holds an expression and $${ is ${ as it
// stands, or an *Error.
func CompileValue(scope Scope, text string) (*Value, error) {
	v := &Value{}
	rest := text
	for {
		before, behind, found := strings.Cut(rest, "${")
		if !found {
			v.literal(before)
			return v, nil
		}
		if escaped, ok := strings.CutSuffix(before, "$"); ok {
			v.literal(escaped + "${")
			rest = behind
			continue
		}
		v.literal(before)
		at := utf8.RuneCountInString(text[:len(text)-len(behind)])
		end := closing(behind)
		if end < 0 {
			return nil, &Error{At: at - 1, Cause: "${ is not closed", Hint: "close it by }; $${ is ${ as it stands"}
		}
		if err := v.add(scope, behind[:end], at); err != nil {
			return nil, err
		}
		rest = behind[end+1:]
	}
}

func (v *Value) literal(text string) {
	if text != "" {
		v.parts = append(v.parts, part{text: text})
	}
}

func (v *Value) add(scope Scope, text string, at int) error {
	p, err := compile(scope, text)
	if err != nil {
		return shift(err, at)
	}
	switch p.gives.Kind() {
	case reflect.String, reflect.Int, reflect.Float64, reflect.Bool:
	default:
		return &Error{At: at + 1, Cause: "gives " + describe(p.gives) + ", and not text"}
	}
	added := part{at: at, program: &p, values: make([]string, len(p.fields))}
	for _, f := range p.fields {
		i := slices.Index(v.fields, f)
		if i < 0 {
			i, v.fields = len(v.fields), append(v.fields, f)
		}
		added.read = append(added.read, i)
	}
	v.parts = append(v.parts, added)
	return nil
}

// closing returns where the } stands that ends an expression, outside its quotes; -1 when none does.
func closing(text string) int {
	var quote byte
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quote != 0 && c == '\\' && quote != '`':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'' || c == '`':
			quote = c
		case c == '}':
			return i
		}
	}
	return -1
}

// Fields returns what the value reads.
func (v *Value) Fields() []Field { return v.fields }

// Text evaluates the value; values are those of Fields, in their order. An expression that gives
// nothing within a text is an *Error; alone, it gives "".
func (v *Value) Text(values []string, now time.Time) (string, error) {
	var b strings.Builder
	for i := range v.parts {
		p := &v.parts[i]
		if p.program == nil {
			b.WriteString(p.text)
			continue
		}
		text, err := p.evaluate(values, now)
		if err != nil {
			return "", shift(err, p.at)
		}
		if b.Len()+len(text) > maxResult {
			return "", &Error{At: p.at + 1, Cause: errTooLong.Error()}
		}
		if text == "" && len(v.parts) > 1 {
			return "", &Error{At: p.at + 1, Cause: "gives nothing"}
		}
		if len(v.parts) == 1 {
			return text, nil
		}
		b.WriteString(text)
	}
	return b.String(), nil
}

func (p *part) evaluate(values []string, now time.Time) (string, error) {
	for i, from := range p.read {
		p.values[i] = values[from]
	}
	result, err := p.program.run(p.values, now)
	if err != nil {
		return "", err
	}
	switch r := result.(type) {
	case int:
		return strconv.Itoa(r), nil
	case float64:
		return strconv.FormatFloat(r, 'f', -1, 64), nil
	case bool:
		return strconv.FormatBool(r), nil
	}
	return result.(string), nil
}

// shift moves the place of an error from the expression to the value that holds it.
func shift(err error, by int) error {
	if e, ok := errors.AsType[*Error](err); ok && e.At > 0 {
		return &Error{At: e.At + by, Cause: e.Cause, Hint: e.Hint}
	}
	return err
}
