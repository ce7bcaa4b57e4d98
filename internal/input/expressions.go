package input

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/sunbulk/sunbulk/internal/expression"
	"github.com/sunbulk/sunbulk/jobs"
)

// phonePath is the path whose values are phone numbers.
const phonePath = "matchCriteria.phoneNumber"

// errFiltered says that --where is false of a record.
var errFiltered = errors.New("left out by --where")

// expressions are the parts of the options that are evaluated for each row. They see it as the file
// and the constants give it, before any value is computed.
type expressions struct {
	where   *expression.Condition // nil = every row
	found   bool                  // where filters what lists find, and not their rows
	unfit   error                 // why it cannot; nil when it can
	values  map[string]*expression.Value
	clients bool // some expression reads a client
	now     time.Time
}

// compile checks --where and the values of --set that hold expressions.
func (b *binder) compile(cfg Config) error {
	scope := expression.Rows(cfg.Vars).InCountry(b.country)
	if cfg.Step != "" {
		scope = scope.InRunbook()
	}
	if slices.Contains(cfg.Adds, expression.CreatedID) {
		scope = scope.WithCreated()
	}
	if slices.Contains(cfg.Adds, expression.ConversationID) {
		scope = scope.WithConversation()
	}
	b.values, b.now = map[string]*expression.Value{}, time.Now()
	for i, s := range b.set {
		if !expression.IsValue(s.value) {
			continue
		}
		in := scope
		if s.path == phonePath {
			in = scope.OfPhone()
		}
		v, err := expression.CompileValue(in, s.value)
		if err != nil {
			return b.explain("set "+s.path, err)
		}
		b.values[s.path], b.set[i].value = v, ""
		b.clients = b.clients || slices.ContainsFunc(v.Fields(), func(f expression.Field) bool { return f.Source == expression.Client })
	}
	if cfg.Where == "" {
		return nil
	}
	var err error
	if b.where, err = expression.Compile(scope, cfg.Where); err != nil {
		return b.explain("where", err)
	}
	b.found = b.where.Reads(expression.Client)
	b.clients = b.clients || b.found
	if !b.found {
		return nil
	}
	if _, err := expression.Compile(expression.Found(cfg.Vars), cfg.Where); err != nil {
		b.unfit = b.explain("where of found clients", err)
	}
	if jobs.Op(b.op).Finds() {
		return b.unfit
	}
	return nil
}

// explain makes an error of an option out of one of its expression.
func (b *binder) explain(option string, err error) error {
	e, ok := errors.AsType[*expression.Error](err)
	if !ok {
		return err
	}
	return &Error{Cause: b.option(option), Hint: e.Hint, Err: e, Option: option}
}

// reading says where the fields of one expression are in the records of a layout.
type reading struct {
	option string // as messages name it
	path   string // that --set computes; empty for --where
	cells  []int  // index of each field's cell, opCell, or -1 when its value stays as it is
	values []string
	column string // the only one that it reads; empty when it reads none or several
	clash  *Error // why records of this layout cannot serve it; begins with a field's name
}

// opCell is the index of a row's operation, which its cell may leave to --op.
const opCell = -2

// bindExpression finds the cells that an expression reads.
func (l *layout) bindExpression(path string, fields []expression.Field) *reading {
	option := l.binder.option("where")
	if path != "" {
		option = l.binder.option("set")
	}
	r := &reading{option: option, path: path, cells: make([]int, len(fields)), values: make([]string, len(fields))}
	for i, f := range fields {
		var clash *Error
		r.cells[i], r.values[i], clash = l.source(f)
		if clash != nil && r.clash == nil {
			r.clash = &Error{Cause: f.String() + ": " + clash.Cause, Hint: clash.Hint}
		}
		if r.cells[i] >= 0 {
			l.evaluated[r.cells[i]] = true
		}
	}
	if read := slices.DeleteFunc(slices.Clone(r.cells), func(cell int) bool { return cell < 0 }); len(read) == 1 {
		r.column = l.names[read[0]]
	}
	return r
}

// source returns the cell of a field, or -1 and its value for all records.
func (l *layout) source(f expression.Field) (cell int, value string, clash *Error) {
	switch {
	case f.Source != expression.Row:
		cell, clash = l.column(f)
	case f.Name == opPath:
		return opCell, "", nil
	default:
		if value = l.binder.setTo(f.Name); value != "" {
			return -1, value, nil
		}
		cell, clash = l.index(f.Name, func(string) bool { return true })
	}
	if cell < 0 && clash == nil && (l.strict || f.Source == expression.Column) {
		clash = &Error{Cause: "there is no column " + quote(f.Name), Hint: "name it in the first line" + l.slips()}
	}
	return cell, "", clash
}

// column returns the cell of a field that is no part of a row, -1 when there is none.
func (l *layout) column(f expression.Field) (int, *Error) {
	found := -1
	for i, name := range l.names {
		if slices.Contains(l.binder.adds, name) && name == f.String() {
			return i, nil // by an earlier step, whatever the input has
		}
	}
	for i := range l.names {
		own, has := strings.CutPrefix(l.normal[i], normalise(ownPrefix))
		if has && gives(own, f) && slices.Contains(l.normal, normalise(jobs.LineageColumn)) {
			return i, nil // a report has something else under the name
		}
	}
	for i, name := range l.names {
		switch {
		case !gives(normalise(name), f):
		case found >= 0:
			return -1, &Error{Cause: "columns " + quote(l.names[found]) + " and " + quote(name) + " both give it", Hint: "take one out"}
		default:
			found = i
		}
	}
	return found, nil
}

// gives tells whether the column of that name holds a field; reports name the properties of clients.
func gives(column string, f expression.Field) bool {
	name := normalise(f.Name)
	switch {
	case f.Source == expression.Column:
		return column == name
	case f.Source == expression.Created, f.Source == expression.Conversation:
		return false
	case name == "id":
		return column == "clientid" || column == "client.id"
	}
	return column == name || column == "client."+name
}

// checkExpressions returns why the columns cannot serve the expressions that every row needs, or nil;
// p is the plan of all rows, or nil when each names its own operation.
func (l *layout) checkExpressions(p *plan) *Error {
	if l.where != nil && l.where.clash != nil && !(l.binder.found && (p == nil || p.operation.Finds)) {
		return &Error{Cause: l.binder.option("where") + " reads " + l.where.clash.Cause, Hint: l.where.clash.Hint}
	}
	if p != nil {
		for _, f := range p.set {
			if f.reading != nil && f.reading.clash != nil {
				return &Error{Cause: l.binder.option("set") + " " + f.path + " reads " + f.reading.clash.Cause, Hint: f.reading.clash.Hint}
			}
		}
	}
	return nil
}

// take reads the fields out of a record.
func (r *reading) take(op jobs.Op, cells []string) []string {
	for i, cell := range r.cells {
		if cell == opCell {
			r.values[i] = string(op)
		} else if cell >= 0 {
			r.values[i] = strings.TrimSpace(cells[cell])
		}
	}
	return r.values
}

// fault makes the rejection of a row whose layout does not have what the expression reads.
func (r *reading) fault(cause string) error {
	if r.path == "" {
		return &jobs.FieldError{Cause: "cannot be judged by " + r.option + ": " + cause}
	}
	return &jobs.FieldError{Column: r.path, Cause: "cannot be computed by " + r.option + ": " + cause}
}

// failed makes the rejection of a row for which the evaluation failed. It names the column that is read or, where there is not
// one, the place in the expression.
func (r *reading) failed(err error) error {
	e, ok := errors.AsType[*expression.Error](err)
	switch {
	case !ok:
		return r.fault(err.Error())
	case r.path == "" && r.column == "":
		return &jobs.FieldError{Cause: e.Cause + " (" + r.option + e.Place() + ")"}
	case r.path == "":
		return &jobs.FieldError{Column: r.column, Cause: e.OfText() + " (" + r.option + ")"}
	case r.column == "":
		return &jobs.FieldError{Column: r.path, Cause: e.OfText() + " (" + r.option + e.Place() + ")"}
	}
	return &jobs.FieldError{Column: r.path, Cause: e.OfText() + " (" + r.option + " reads " + quote(r.column) + ")"}
}

// passes returns errFiltered for a record that --where leaves out.
func (l *layout) passes(op jobs.Op, cells []string) error {
	b := l.binder
	switch {
	case b.where == nil:
		return nil
	case b.found && op.Finds() && b.unfit != nil:
		return l.where.fault(b.unfit.Error())
	case b.found && op.Finds():
		return nil
	case l.where.clash != nil:
		return l.where.fault(l.where.clash.Cause)
	}
	holds, err := b.where.Holds(l.where.take(op, cells), b.now)
	if err != nil {
		return l.where.failed(err)
	}
	if !holds {
		return errFiltered
	}
	return nil
}

// compute returns what --set computes for the field.
func (f *field) compute(op jobs.Op, cells []string, now time.Time) (string, error) {
	if f.reading.clash != nil {
		return "", f.reading.fault(f.reading.clash.Cause)
	}
	text, err := f.computed.Text(f.reading.take(op, cells), now)
	if err != nil {
		return "", f.reading.failed(err)
	}
	return text, nil
}

// key is what is kept of a row that --where left out.
func key(row jobs.Row) jobs.Row {
	row = row.Key()
	for _, text := range []*string{&row.User, &row.BrandID, &row.ClientID} {
		*text = strings.ToValidUTF8(strings.TrimSpace(*text), "\ufffd")
	}
	return row
}
