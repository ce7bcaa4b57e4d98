package input

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/sunbulk/sunbulk/internal/expression"
	"github.com/sunbulk/sunbulk/jobs"
)

// objects makes records of JSON objects. Each is read as a CSV record with a header of its own.
type objects struct {
	*window
	binder *binder
	layout *layout // of the last object
	row    jobs.Row
	names  []string // dotted
	cells  []string
	lists  []int // indices of the cells that hold a list
	halves []int // indices of the cells that hold half a character
}

var (
	errNotJSON   = errors.New("is not JSON")
	errNotObject = errors.New("is not a JSON object")
	errNotUTF8   = errors.New("is not valid UTF-8")
)

func (o *objects) line() int64 { return o.window.line }

// record returns errNotJSON when raw is no JSON; whatever else is wrong with it is a rejection.
func (o *objects) record(line int64, raw []byte) (Record, error) {
	if !json.Valid(raw) {
		return Record{}, errNotJSON
	}
	if o.binder.raw {
		return Record{Original: originalObject(line, raw)}, nil
	}
	o.row = jobs.Row{Line: line}
	if err := o.assemble(raw); errors.Is(err, errFiltered) {
		return Record{Row: key(o.row), Filtered: true}, nil
	} else if err != nil {
		names := o.names
		if errors.Is(err, errNotObject) || errors.Is(err, errNotUTF8) {
			names = nil
		}
		return reject(line, err, nil, o.original(raw, names)), nil
	}
	return Record{Row: o.row}, nil
}

func (o *objects) assemble(raw []byte) error {
	if raw[0] != '{' {
		return errNotObject
	}
	if !utf8.Valid(raw) {
		o.binder.sayForeign(o.row.Line, o.guess(raw))
		return errNotUTF8
	}
	o.names, o.cells, o.lists, o.halves = o.names[:0], o.cells[:0], o.lists[:0], o.halves[:0]
	if err := o.flatten("", string(raw)); err != nil {
		return err
	}
	if o.layout == nil || !slices.Equal(o.layout.names, o.names) {
		o.layout = o.binder.bind(slices.Clone(o.names), false)
		o.layout.remark()
	}
	for _, i := range o.lists {
		if o.layout.read(o.layout.paths[i]) {
			return &jobs.FieldError{Column: o.names[i], Cause: "is a list; text is expected"}
		}
	}
	for _, i := range o.halves {
		if o.layout.read(o.layout.paths[i]) || o.layout.evaluated[i] || slices.Contains(o.layout.carried, i) {
			return &jobs.FieldError{Column: o.names[i], Cause: "holds half of a surrogate pair, which is no character"}
		}
	}
	return o.layout.fill(&o.row, o.cells)
}

// flatten appends the values of an object under their dotted names. The prefix of a client that a
// report gives whole admits its id alone, and what expressions may read of it.
func (o *objects) flatten(prefix, object string) error {
	for key, value := range members(object) {
		switch name := o.name(prefix, key); {
		case len(o.names) == maxColumns:
			return fmt.Errorf("has more than %d values", maxColumns)
		case prefix == clientPrefix && key != "id" && !(o.binder.clients && slices.Contains(expression.ClientNames(), key)):
		case value[0] != '{':
			if value[0] == '[' {
				o.lists = append(o.lists, len(o.names))
			}
			if isHalf(value) {
				o.halves = append(o.halves, len(o.names))
			}
			o.names, o.cells = append(o.names, name), append(o.cells, plain(value))
		case o.isMessage(name):
			o.names, o.cells = append(o.names, name), append(o.cells, value)
		default:
			if err := o.flatten(name+".", value); err != nil {
				return err
			}
		}
	}
	return nil
}

// name joins a dotted name, and uses that of the last object again where it is the same.
func (o *objects) name(prefix, key string) string {
	if i := len(o.names); o.layout != nil && i < len(o.layout.names) {
		if last := o.layout.names[i]; len(last) == len(prefix)+len(key) && last[:len(prefix)] == prefix && last[len(prefix):] == key {
			return last
		}
	}
	return prefix + key
}

// isMessage tells whether the name is of the one value that is an object itself.
func (o *objects) isMessage(name string) bool {
	const path = "confirmation.message"
	name = normalise(name)
	return o.binder.mapped[name] == path || slices.Equal(o.binder.paths[name], []string{path})
}
