package input

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/sunbulk/sunbulk/jobs"
)

// csvFile cuts the text of a CSV file into records.
type csvFile struct {
	csvScanner
	option string // that sets the delimiter
}

func openCSV(w *window, b *binder) (*table, error) {
	comma, err := findComma(w, b)
	if err != nil {
		return nil, err
	}
	f := &csvFile{csvScanner: csvScanner{window: w, comma: comma}, option: b.fileOption("delimiter")}
	return openTable(f, &f.scanned, b)
}

func (f *csvFile) line() int64 { return f.window.line }

func (f *csvFile) scan() error {
	if err := f.csvScanner.scan(); err != nil {
		return err
	}
	f.written, f.broken = f.quotes, !utf8.ValidString(f.whole)
	if f.broken {
		f.foreign = f.window.guess([]byte(f.whole))
	}
	return nil
}

func (f *csvFile) check(want int) error {
	switch got := len(f.cells); {
	case got > want:
		return fmt.Errorf("has %s, the header has %d; a cell that holds the delimiter must be quoted", jobs.Count(got, "cell"), want)
	case got < want && f.bareCR:
		return fmt.Errorf("has %s, the header has %d, and a carriage return without a line feed stands beside it; quote a cell that holds a line break", jobs.Count(got, "cell"), want)
	case got < want && !f.ended:
		return fmt.Errorf("has %s, the header has %d, and no line end: the file may be cut off here", jobs.Count(got, "cell"), want)
	case strings.IndexByte(f.whole, 0) >= 0:
		return errors.New("holds a NUL byte")
	}
	return nil
}

func (f *csvFile) place(int) string { return "" }

func (f *csvFile) seen(columns string) string {
	return fmt.Sprintf("columns found with delimiter %s: %s (%s sets another)", delimiterName(f.comma), columns, f.option)
}
