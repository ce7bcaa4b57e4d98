package input

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sunbulk/sunbulk/internal/expression"
	"github.com/sunbulk/sunbulk/internal/phone"
	"github.com/sunbulk/sunbulk/internal/spelling"
	"github.com/sunbulk/sunbulk/jobs"
)

// binder holds what the options say, and binds the columns of files to the fields of rows.
type binder struct {
	vocabulary
	expressions
	op         string
	delimiter  byte           // of CSV; 0 = found out
	charset    charset        // of files without a byte order mark
	country    *phone.Country // of phone numbers without a country code; nil = there must be none
	sheet      string         // of workbooks, by name or number; empty = the only one that is shown and holds something
	foreign    bool           // it was said that a line is no UTF-8
	set        []setting
	mapped     map[string]string // normalised column → path
	mappedAs   map[string]string // normalised column → as it was written
	allow      bool              // rows that are the same as an earlier one
	duplicates *duplicates       // nil before the first row that may be one
	warn       func(string)
	said       map[string]bool

	step  string    // of a runbook, empty outside of one
	adds  []string  // columns that the records of the step have besides those of the input
	later []*binder // of the steps behind

	bound func(*layout) // sees each layout; nil = nobody does

	raw    bool  // records are not made rows
	origin int64 // number of the record in the runbook's input; 0 = the row's own
}

// setting is what --set gives path; value is empty when it is computed.
type setting struct {
	path, value string
}

// maxRemarks bounds what is said and remembered: records of JSON may hold new names without end.
const maxRemarks = 100

func newBinder(cfg Config) (*binder, error) {
	b := &binder{
		vocabulary: newVocabulary(), op: strings.TrimSpace(cfg.Op), mapped: map[string]string{}, mappedAs: map[string]string{}, allow: cfg.AllowDuplicates, sheet: cfg.Sheet, warn: cfg.Warn, said: map[string]bool{},
		step: cfg.Step, adds: cfg.Adds, raw: cfg.raw,
	}
	var err error
	if b.delimiter, err = ParseDelimiter(cfg.Delimiter); err != nil {
		return nil, &Error{Cause: b.option("delimiter") + ": " + err.Error()}
	}
	if b.charset, err = findCharset(cmp.Or(cfg.Encoding, utf8Name)); err != nil {
		return nil, &Error{Cause: b.option("encoding") + ": " + err.Error(), Hint: "e.g. windows-1252, iso-8859-15, utf-16le, shift_jis, gbk"}
	}
	if b.country, err = findCountry(cfg.PhoneCountry); err != nil {
		return nil, &Error{Cause: b.option("phone-country") + ": " + err.Error(), Hint: "e.g. ES, DE, GB, US"}
	}
	if err := b.addSettings(cfg.Set); err != nil {
		return nil, err
	}
	for _, m := range cfg.Map {
		path, err := b.path(b.option("map"), m.Path)
		if err != nil {
			return nil, b.turned(m, err)
		}
		column := normalise(m.Column)
		if other, ok := b.mapped[column]; ok && other != path {
			return nil, &Error{Cause: b.option("map") + " takes both " + other + " and " + path + " from " + quote(m.Column)}
		}
		b.mapped[column], b.mappedAs[column] = path, m.Column
	}
	if b.op != "" {
		o, err := jobs.FindOperation(b.op)
		if err != nil {
			e := &Error{Cause: err.Error()}
			if near := spelling.Nearest(b.op, jobs.OperationNames()); near != "" {
				e.Hint = "did you mean " + near + "?"
			}
			return nil, e
		}
		b.op = string(o.Name)
	}
	if err := b.compile(cfg); err != nil {
		return nil, err
	}
	for _, later := range cfg.Later {
		l, err := newBinder(later)
		if err != nil {
			return nil, err
		}
		b.later = append(b.later, l)
	}
	return b, nil
}

// turned adds to the error of a mapping to no path that it stands the wrong way round, where its column is a path.
func (b *binder) turned(m Mapping, err error) error {
	e, ok := errors.AsType[*Error](err)
	if _, no := b.find(m.Column); ok && no == nil {
		e.Hint = b.option("map") + " is COLUMN=PATH; did you mean " + b.giving("map", m.Path, m.Column) + "?"
	}
	return err
}

func (b *binder) addSettings(set []Setting) error {
	for _, s := range set {
		path, err := b.path(b.option("set"), s.Path)
		if err != nil {
			return err
		}
		value := strings.TrimSpace(s.Value)
		if path == opPath {
			if expression.IsValue(value) {
				return &Error{Cause: b.option("set") + " op takes no expression", Hint: "give the file a column op"}
			}
			if b.op != "" && !strings.EqualFold(b.op, value) {
				return &Error{Cause: b.option("set") + " op and " + b.option("op") + " name different operations"}
			}
			b.op = value
		}
		if slices.ContainsFunc(b.set, func(o setting) bool { return o.path == path }) {
			return &Error{Cause: b.option("set") + " gives " + path + " twice"}
		}
		b.set = append(b.set, setting{path, value})
	}
	return nil
}

// setTo returns the constant that --set gives path, or "".
func (b *binder) setTo(path string) string {
	for _, s := range b.set {
		if s.path == path {
			return s.value
		}
	}
	return ""
}

// say passes a remark on, once.
func (b *binder) say(message string) {
	if b.warn == nil || b.said[message] || len(b.said) >= maxRemarks {
		return
	}
	b.said[message] = true
	b.warn(message)
}

// sayOf passes a doubt on with the line of the first row that gives rise to it.
func (b *binder) sayOf(line int64, d jobs.FieldError) {
	key := d.Error()
	if b.warn == nil || b.said[key] || len(b.said) >= maxRemarks {
		return
	}
	b.said[key] = true
	b.warn(fmt.Sprintf("%s %s, first in line %d; the row is taken as it is, and 'sunbulk plan' counts such rows", d.Column, d.Cause, line))
}

// check returns the *jobs.FieldError for which row cannot be queued, or nil.
func (b *binder) check(o *jobs.Operation, row *jobs.Row) error {
	if err := o.CheckRow(row); err != nil {
		return err
	}
	for _, d := range row.Doubts() {
		b.sayOf(row.Line, d)
	}
	same, cause := row, "same as an earlier row"
	switch {
	case o.Once != nil:
		once := o.Once(*row)
		same, cause = &once, "an earlier row is for the same "+o.Same
	case b.allow:
		return nil
	}
	if b.duplicates == nil {
		b.duplicates = newDuplicates()
	}
	if b.duplicates.add(same) {
		return &duplicateError{cause}
	}
	return nil
}

// duplicateError says that a row does what an earlier one does.
type duplicateError struct{ cause string }

func (e *duplicateError) Error() string { return e.cause }

// heed returns the error of a row that a report says must not be run as it stands. Only rows that are not idempotent do harm when they come again.
func (b *binder) heed(op jobs.Op, cell, column string) error {
	harmless := op.Idempotent() && !slices.ContainsFunc(b.later, func(later *binder) bool { return !jobs.Op(later.op).Idempotent() })
	rerun := jobs.Rerun(strings.TrimSpace(cell))
	switch cause := rerun.Cause(); {
	case b.allow || harmless || cause == "":
		return nil
	case rerun == jobs.RerunDuplicate:
		return &duplicateError{cause}
	default:
		return &jobs.FieldError{Column: column, Cause: "is " + string(rerun) + ": " + cause}
	}
}
