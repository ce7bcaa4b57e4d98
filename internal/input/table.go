package input

import (
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/sunbulk/sunbulk/jobs"
)

// table reads records below a header that names their cells: those of a CSV file, or of a sheet.
type table struct {
	records recordScanner
	*scanned
	binder *binder
	layout *layout // nil before the header is read
	row    jobs.Row
	first  error // of the first record
	peeked bool  // the first record is scanned and not yet given
}

// recordScanner cuts a file into records. What it has found of one is in a scanned that it shares with its table.
type recordScanner interface {
	// scan finds the next record. After a *recordError it stands behind that; any other error ends the file, io.EOF as it should.
	scan() error
	// check says why the cells cannot be those of a header of so many names, if there are more or fewer.
	check(want int) error
	// line is where the scanner stands, from 1.
	line() int64
	// place says where the cell of a column lies, counted from 0; empty where its name says enough.
	place(column int) string
	// seen says how the columns were found, for a person who misses one.
	seen(columns string) string
}

// scanned is the record that a scanner has found last.
type scanned struct {
	start   int64    // line where it starts
	cells   []string // reused; at most maxColumns+1 of them
	written bool     // also its empty cells were written on purpose
	broken  bool     // its text is no UTF-8
	foreign charset  // that it seems to have then
}

// recordError is a record that cannot be distinguished from what follows it.
type recordError struct {
	cell  int // from 0; -1 when the whole record is at fault
	at    int // byte of the record, from 1; 0 when none is at fault
	cause string
	raw   string // the record's first line, at most maxKept bytes of it
}

func (e *recordError) Error() string { return e.cause }

// openTable reads the header, and the first record to compare it with --set.
func openTable(records recordScanner, s *scanned, b *binder) (*table, error) {
	t := &table{records: records, scanned: s, binder: b}
	names, err := t.readHeader()
	if err != nil {
		return nil, err
	}
	t.layout = b.bind(names, true)
	if b.raw {
		return t, nil
	}
	for _, check := range []func() *Error{t.layout.checkHeader, t.layout.checkLater} {
		if err := check(); err != nil {
			err.Line, err.Seen = t.start, t.seen()
			return nil, err
		}
	}
	t.layout.remark()
	t.first, t.peeked = t.read(), true
	if t.first != nil || t.complete() != nil {
		return t, nil
	}
	if p, err := t.layout.choose(t.cells); err == nil {
		for _, s := range p.set {
			if s.clashes(t.cells) {
				return nil, &Error{
					Line:  t.start,
					Cause: "column " + quote(names[s.index]) + " and " + b.option("set") + " give " + s.path + " different values",
					Hint:  "take the column out, or leave " + b.option("set") + " " + s.path + " out",
				}
			}
		}
	}
	return t, nil
}

func (t *table) line() int64 { return t.records.line() }

func (t *table) next() (Record, error) {
	err := t.first
	if !t.peeked {
		err = t.read()
	}
	t.peeked = false
	if e, ok := errors.AsType[*recordError](err); ok {
		column := ""
		if e.cell >= 0 && e.cell < len(t.layout.names) {
			column = t.layout.names[e.cell]
		}
		return reject(t.start, &jobs.FieldError{Column: column, Cause: e.cause}, nil, []string{e.raw}), nil
	}
	if err != nil {
		return Record{}, err
	}
	if t.binder.raw {
		return Record{Original: t.original()}, nil
	}
	if t.broken {
		t.binder.sayForeign(t.start, t.foreign)
	}
	if err := t.complete(); err != nil {
		return reject(t.start, err, t.namesOfCells(), t.keep()), nil
	}
	t.row = jobs.Row{Line: t.start}
	if err := t.layout.fill(&t.row, t.cells); errors.Is(err, errFiltered) {
		return Record{Row: key(t.row), Filtered: true}, nil
	} else if err != nil {
		return reject(t.start, t.placed(err), t.layout.names, t.keep()), nil
	}
	return Record{Row: t.row}, nil
}

// original is the record as a report keeps it; nil where its cells are not those of the header.
func (t *table) original() *jobs.Original {
	if t.complete() != nil {
		return nil
	}
	return t.layout.original(t.start, t.keep())
}

// placed adds to an error of a column where that lies.
func (t *table) placed(err error) error {
	if e, ok := errors.AsType[*jobs.FieldError](err); ok {
		if i := slices.Index(t.layout.names, e.Column); i >= 0 && t.records.place(i) != "" {
			return &jobs.FieldError{Column: e.Column, Cause: e.Cause + " (" + t.records.place(i) + ")"}
		}
	}
	return err
}

// keep returns the cells for a rejection, as text in the encoding that they seem to have.
func (t *table) keep() []string {
	kept := keep(t.cells)
	for i, cell := range kept {
		if !utf8.ValidString(cell) && t.foreign.decoder != nil {
			kept[i], _ = t.foreign.decode([]byte(t.cells[i][:min(len(t.cells[i]), len(cell))]))
		}
	}
	return kept
}

// read scans the next record that holds something and is no repeated header, and takes off the ' by which a report keeps a
// spreadsheet from running a cell.
func (t *table) read() error {
	for {
		if err := t.records.scan(); err != nil {
			return err
		}
		for i, c := range t.cells {
			if c != "" && c[0] == '\'' {
				t.cells[i] = jobs.RestoreCell(c)
			}
		}
		switch {
		case !t.written && isBlank(t.cells):
		case t.layout == nil || !t.layout.isHeader(t.cells):
			return nil
		case !t.layout.isSame(t.cells):
			return &Error{Line: t.start, Cause: "another header begins here, with other columns: the file is several files joined"}
		default:
			t.binder.say(fmt.Sprintf("line %d repeats the header, and is no row", t.start))
		}
	}
}

// complete brings the record to the length of the header.
func (t *table) complete() error {
	got, want := len(t.cells), len(t.layout.names)
	if got > want && got <= maxColumns && isBlank(t.cells[want:]) {
		t.cells, got = t.cells[:want], want
	}
	if got > maxColumns {
		return fmt.Errorf("has more than %d cells, the header has %d", maxColumns, want)
	}
	if err := t.records.check(want); err != nil {
		return err
	}
	for len(t.cells) < want {
		t.cells = append(t.cells, "")
	}
	return nil
}

// namesOfCells is the header, as long as cells.
func (t *table) namesOfCells() []string {
	names := slices.Clone(t.layout.names)
	for len(names) < len(t.cells) {
		names = append(names, "")
	}
	return names[:len(t.cells)]
}
