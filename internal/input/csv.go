package input

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sunbulk/sunbulk/jobs"
)

// csvFile reads the records of a CSV file.
type csvFile struct {
	csvScanner
	layout *layout
	row    jobs.Row
	first  error // of the first record
	peeked bool  // the first record is scanned and not yet given
}

// openCSV reads the header, and the first record to compare it with --set.
func openCSV(w *window, b *binder) (*csvFile, error) {
	comma, err := findComma(w, b)
	if err != nil {
		return nil, err
	}
	f := &csvFile{csvScanner: csvScanner{window: w, comma: comma}}
	names, err := f.readHeader()
	if err != nil {
		return nil, err
	}
	f.layout = b.bind(names, true)
	for _, check := range []func() *Error{f.layout.checkHeader, f.layout.checkLater} {
		if err := check(); err != nil {
			err.Line, err.Seen = f.start, f.seen()
			return nil, err
		}
	}
	f.layout.remark()
	f.first, f.peeked = f.read(), true
	if f.first != nil || f.complete() != nil {
		return f, nil
	}
	if p, err := f.layout.choose(f.cells); err == nil {
		for _, s := range p.set {
			if s.clashes(f.cells) {
				return nil, &Error{
					Line:  f.start,
					Cause: "column " + quote(names[s.index]) + " and " + b.option("set") + " give " + s.path + " different values",
					Hint:  "take the column out, or leave " + b.option("set") + " " + s.path + " out",
				}
			}
		}
	}
	return f, nil
}

func (f *csvFile) line() int64 { return f.csvScanner.line }

func (f *csvFile) next() (Record, error) {
	err := f.first
	if !f.peeked {
		err = f.read()
	}
	f.peeked = false
	if e, ok := errors.AsType[*csvError](err); ok {
		column := ""
		if e.cell >= 0 && e.cell < len(f.layout.names) {
			column = f.layout.names[e.cell]
		}
		return reject(f.start, &jobs.FieldError{Column: column, Cause: e.cause}, nil, []string{e.raw}), nil
	}
	if err != nil {
		return Record{}, err
	}
	if err := f.complete(); err != nil {
		return reject(f.start, err, f.namesOfCells(), keep(f.cells)), nil
	}
	f.row = jobs.Row{Line: f.start}
	if err := f.layout.fill(&f.row, f.cells); errors.Is(err, errFiltered) {
		return Record{Row: key(f.row), Filtered: true}, nil
	} else if err != nil {
		return reject(f.start, err, f.layout.names, keep(f.cells)), nil
	}
	return Record{Row: f.row}, nil
}

// read scans the next record that holds something and is no repeated header, and takes off the ' by which a report keeps a
// spreadsheet from running a cell.
func (f *csvFile) read() error {
	for {
		if err := f.scan(); err != nil {
			return err
		}
		for i, c := range f.cells {
			f.cells[i] = jobs.RestoreCell(c)
		}
		switch {
		case !f.quotes && isBlank(f.cells):
		case f.layout == nil || !f.layout.isHeader(f.cells):
			return nil
		case !f.layout.isSame(f.cells):
			return &Error{Line: f.start, Cause: "another header begins here, with other columns: the file is several files joined"}
		default:
			f.layout.binder.say(fmt.Sprintf("line %d repeats the header, and is no row", f.start))
		}
	}
}

// complete brings the record to the length of the header.
func (f *csvFile) complete() error {
	got, want := len(f.cells), len(f.layout.names)
	if got > want && got <= maxColumns && isBlank(f.cells[want:]) {
		f.cells, got = f.cells[:want], want
	}
	switch {
	case got > maxColumns:
		return fmt.Errorf("has more than %d cells, the header has %d", maxColumns, want)
	case got > want:
		return fmt.Errorf("has %s, the header has %d; a cell that holds the delimiter must be quoted", jobs.Count(got, "cell"), want)
	case got < want && f.bareCR:
		return fmt.Errorf("has %s, the header has %d, and a carriage return without a line feed stands beside it; quote a cell that holds a line break", jobs.Count(got, "cell"), want)
	case got < want && !f.ended:
		return fmt.Errorf("has %s, the header has %d, and no line end: the file may be cut off here", jobs.Count(got, "cell"), want)
	case strings.IndexByte(f.whole, 0) >= 0:
		return errors.New("holds a NUL byte")
	}
	for len(f.cells) < want {
		f.cells = append(f.cells, "")
	}
	return nil
}

// namesOfCells is the header, as long as cells.
func (f *csvFile) namesOfCells() []string {
	names := slices.Clone(f.layout.names)
	for len(names) < len(f.cells) {
		names = append(names, "")
	}
	return names[:len(f.cells)]
}
