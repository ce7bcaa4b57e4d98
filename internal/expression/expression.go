// Package expression is the small language of --where and of ${…} in --set: conditions on rows and
// on found clients, and texts made of them. It is expr-lang/expr with few functions, and without
// whatever loops, declares, or reaches into Go: an expression visits each of its parts once, at most.
//
// All that an expression reads is text, but for now: names are known, and types are checked, when
// it is compiled. The caller finds out what it reads by Fields, and evaluates it with those values.
package expression

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"
)

// Source says where a field is from.
type Source string

// The sources of fields.
const (
	Row    Source = "row"    // the input contract; Name is op or the Path of a jobs.Column
	Client Source = "client" // a found client; Name is one of its properties, such as lastSeen
	Column Source = "column" // the file; Name is the column's, as it was written

	// Created is a client that an earlier step of a runbook made or found there; Name is id or status.
	Created Source = "created"

	// Conversation is the one that an earlier step of a runbook made or found; Name is id.
	Conversation Source = "conversation"
)

// Field is one value that an expression reads.
type Field struct {
	Source Source
	Name   string
}

// String is the field as an expression names it.
func (f Field) String() string {
	if f.Source == Column {
		return fmt.Sprintf("row.columns[%q]", f.Name)
	}
	return string(f.Source) + "." + f.Name
}

// Error says what is wrong with an expression, or why it could not be evaluated.
type Error struct {
	At    int    // character of the text, from 1; 0 when it is the whole
	Cause string // without values of rows and clients
	Hint  string // what to do, or empty
}

func (e *Error) Error() string {
	return e.Cause + e.Place()
}

// Place is where in the expression it is, to stand behind other words; empty when it is the whole.
func (e *Error) Place() string {
	if e.At == 0 {
		return ""
	}
	return fmt.Sprintf(", at character %d", e.At)
}

// OfText is the cause as it is said behind the name of what was read: "is empty" for "the time is empty".
func (e *Error) OfText() string {
	for _, what := range []string{"the text ", "the time ", "the phone number "} {
		if rest, ok := strings.CutPrefix(e.Cause, what); ok {
			return rest
		}
	}
	return e.Cause
}

// Condition is a compiled expression that is true or false. It is not for concurrent use.
type Condition struct{ program }

// Compile returns the condition of a text of at most 1,000 bytes, or an *Error.
func Compile(scope Scope, text string) (*Condition, error) {
	p, err := compile(scope, text)
	if err != nil {
		return nil, err
	}
	if p.gives.Kind() != reflect.Bool {
		return nil, &Error{Cause: "gives " + describe(p.gives) + ", and not true or false", Hint: `compare it, e.g. row.user != ""`}
	}
	return &Condition{p}, nil
}

// Holds evaluates the condition; values are those of Fields, in their order. Its error is an *Error.
func (c *Condition) Holds(values []string, now time.Time) (bool, error) {
	result, err := c.run(values, now)
	if err != nil {
		return false, err
	}
	return result.(bool), nil
}

// Fields returns what the condition reads.
func (c *Condition) Fields() []Field { return c.fields }

// Reads tells whether the condition reads a field of the source.
func (c *Condition) Reads(s Source) bool {
	return slices.ContainsFunc(c.fields, func(f Field) bool { return f.Source == s })
}

const (
	maxText  = 1000 // bytes of an expression
	maxNodes = 500
)

// program is a compiled expression of any type.
type program struct {
	code    *vm.Program
	gives   reflect.Type
	machine *vm.VM
	env     map[string]any
	fields  []Field
	names   []string // of the fields in env
	uses    Uses
}

func compile(scope Scope, text string) (program, error) {
	switch {
	case strings.TrimSpace(text) == "":
		return program{}, &Error{Cause: "is empty"}
	case len(text) > maxText:
		return program{}, &Error{Cause: fmt.Sprintf("has %d bytes, more than %d", len(text), maxText)}
	case !utf8.ValidString(text):
		return program{}, &Error{Cause: "is not valid UTF-8"}
	}
	tree, err := parser.Parse(text)
	if err != nil {
		return program{}, located(err)
	}
	r := newResolver(scope)
	ast.Walk(&tree.Node, r)
	if err := r.failure(tree.Node); err != nil {
		return program{}, err
	}
	code, err := expr.Compile(text, append(language(scope), expr.Env(r.env), expr.Patch(r), expr.Patch(recheck{}))...)
	if err != nil {
		return program{}, located(err)
	}
	p := program{code: code, gives: code.Node().Type(), machine: &vm.VM{}, env: r.env, fields: r.fields, uses: r.uses}
	for _, f := range r.fields {
		p.names = append(p.names, f.String())
	}
	return p, nil
}

func (p *program) run(values []string, now time.Time) (any, error) {
	p.env[nowName] = now
	for i, name := range p.names {
		p.env[name] = values[i]
	}
	result, err := p.machine.Run(p.code, p.env)
	if err != nil {
		return nil, located(err)
	}
	return result, nil
}

// located returns an error of the language as an *Error.
func located(err error) *Error {
	e, ok := errors.AsType[*file.Error](err)
	if !ok {
		return &Error{Cause: err.Error()}
	}
	cause, _, _ := strings.Cut(e.Message, "\n")
	located := &Error{At: e.From + 1, Cause: strings.TrimSpace(cause)}
	if located.Cause == `unexpected token Operator("=")` {
		located.Cause, located.Hint = "there is no operator =", "did you mean ==?"
	}
	return located
}

// describe names a type for people.
func describe(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return "a time"
	case t == reflect.TypeFor[time.Duration]():
		return "a duration"
	case t.Kind() == reflect.String:
		return "text"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.Int, t.Kind() == reflect.Float64:
		return "a number"
	case t.Kind() == reflect.Slice:
		return "a list"
	}
	return "values of different types"
}
