package input

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/sunbulk/sunbulk/jobs"
)

// file is one input.
type file struct {
	*place
	ctx     context.Context // of the reading
	network *network
	stdin   io.Reader
	src     *source // nil before its turn, unless it cannot be opened twice
	parser  parser
	size    int64 // stored bytes; 0 = unknown
	in      jobs.Input

	namesOps bool   // a column does
	sheet    string // of a workbook that is read; empty of other files

	comma byte     // of CSV; 0 of other files
	own   []string // headings of its records in a report, where they are not made rows
	paths []string // that columns give by their names then
}

// check opens the file and looks at its start. It lets go of what can be opened again, so that a
// thousand files do not hold a thousand buffers (I6).
func (f *file) check(b *binder, read *atomic.Int64) error {
	if err := f.begin(b, read); err != nil {
		return err
	}
	f.size = f.src.size
	if f.name == "-" || !f.src.again {
		return nil
	}
	read.Add(-f.src.stored.n)
	return f.close()
}

func (f *file) begin(b *binder, read *atomic.Int64) error {
	if f.src != nil {
		return nil
	}
	src, err := f.openSource(b, read)
	if err != nil {
		return f.named(err)
	}
	f.src = src
	format, p, err := f.newParser(b)
	if err != nil {
		return f.named(err)
	}
	f.in.Format, f.in.Sheet, f.parser = format+src.suffix, f.sheet, p
	if table, ok := p.(*table); ok {
		f.namesOps, f.own, f.paths = table.layout.op >= 0, table.layout.ownNames, table.layout.ownPaths
		if csv, ok := table.records.(*csvFile); ok {
			if f.comma = csv.comma; f.comma != ',' {
				f.in.Delimiter = string(f.comma)
			}
		}
	} else if b.raw {
		f.own = []string{recordName}
	}
	return nil
}

// newParser returns the parser of the file, and the name of its format.
func (f *file) newParser(b *binder) (format string, p parser, err error) {
	if f.src.book == nil {
		return newParser(f.src.text, b)
	}
	s, err := openSheet(f.src.book, b)
	if err != nil {
		return "", nil, err
	}
	f.sheet = s.name
	p, err = openTable(s, &s.scanned, b)
	return "xlsx", p, err
}

// named adds the file's name to an *Error.
func (f *file) named(err error) error {
	if e, ok := errors.AsType[*Error](err); ok {
		e.File = f.name
	}
	return err
}

// breakOff makes the record that stands for the rest of a file that cannot be read further.
func (f *file) breakOff(err error) Record {
	var line int64
	if f.parser != nil {
		line = f.parser.line()
	}
	cause := err.Error()
	if e, ok := errors.AsType[*Error](err); ok && e.Line > 0 {
		line, cause = e.Line, e.Cause
	}
	f.in.Error = fmt.Sprintf("line %d: %s", line, cause)
	if line == 0 {
		f.in.Error = cause
	}
	return Record{Rejection: &jobs.Rejection{Line: line, Cause: "reading stopped here: " + cause}}
}

// finish closes the file and notes what was read of it: to the end, for the digest, when it ended.
func (f *file) finish(ended bool) {
	if f.src == nil {
		return
	}
	if ended {
		if err := f.src.drain(); err != nil && f.in.Error == "" {
			f.in.Error = err.Error()
		}
	}
	f.in.Bytes = f.src.stored.n
	f.in.SHA256 = hex.EncodeToString(f.src.stored.hash.Sum(nil))
	f.close()
}

func (f *file) close() error {
	if f.src == nil {
		return nil
	}
	err := f.src.close()
	f.src, f.parser = nil, nil
	return err
}
