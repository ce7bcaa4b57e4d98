package xlsx

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// MaxRows and MaxColumns are the most that a sheet can have.
const (
	MaxRows    = 1 << 20
	MaxColumns = 1 << 14
)

// Row is one row of a sheet. Its cells are those up to the last one that holds something.
type Row struct {
	Number int64    // from 1, as the sheet shows it
	Cells  []string // valid until the next row
	Hidden bool     // the sheet does not show it
	Long   bool     // it has more than the limits of Rows: what is beyond is left out

	Unvalued int // column, from 1, of a formula whose value is not in the file; 0 = none. Its cell holds NoValue
	Rounded  int // column, from 1, of a number with more digits than spreadsheets keep; 0 = none
}

// NoValue is what the cell of a formula without a value holds: the error that spreadsheets show in such a place.
const NoValue = "#CALC!"

// Rows reads a sheet from its first row to its last. Those that hold nothing may be missing.
type Rows struct {
	MaxCells int // of a row, beyond which it is long
	MaxBytes int // of the texts of a row, beyond which it is long

	book *Workbook
	name string
	part *meter
	xml  *xml.Decoder
	row  Row
	size int
	last int64
	open bool // within the rows
}

// Rows opens a sheet. Its error is an *Error.
func (w *Workbook) Rows(s Sheet) (*Rows, error) {
	f := w.parts[s.part]
	if f == nil {
		return nil, damaged("sheet "+strconv.Quote(s.Name), errors.New(s.part+" is missing"))
	}
	part, err := w.openPart(f)
	if err != nil {
		return nil, damaged("sheet "+strconv.Quote(s.Name), err)
	}
	return &Rows{MaxCells: MaxColumns, MaxBytes: int(w.limits.element), book: w, name: s.Name, part: part, xml: xml.NewDecoder(part)}, nil
}

// Close ends the reading.
func (r *Rows) Close() error { return r.part.Close() }

// Line is the number of the last row.
func (r *Rows) Line() int64 { return r.last }

// Next returns the next row, valid until the one after it; io.EOF behind the last one, any other error is an *Error.
func (r *Rows) Next() (*Row, error) {
	for {
		r.part.next()
		token, err := r.xml.RawToken()
		if err != nil {
			return nil, r.damaged(broken(err))
		}
		switch t := token.(type) {
		case xml.StartElement:
			switch {
			case t.Name.Local == "sheetData":
				r.open = true
			case t.Name.Local == "row" && r.open:
				if err := r.begin(t.Attr); err != nil {
					return nil, r.damaged(err)
				}
				if err := r.cells(); err != nil {
					return nil, r.damaged(broken(err))
				}
				return &r.row, nil
			}
		case xml.EndElement:
			if t.Name.Local == "sheetData" {
				return nil, r.end()
			}
		}
	}
}

// end reads what stands behind the rows, so that a damaged file is noticed.
func (r *Rows) end() error {
	r.open = false
	for {
		r.part.next()
		if _, err := io.CopyN(io.Discard, r.part, 1<<20); errors.Is(err, io.EOF) {
			return io.EOF
		} else if err != nil {
			return r.damaged(err)
		}
	}
}

func (r *Rows) damaged(err error) error {
	return damaged(fmt.Sprintf("row %d of sheet %s", r.last, strconv.Quote(r.name)), err)
}

func (r *Rows) begin(attrs []xml.Attr) error {
	r.row, r.size = Row{Number: r.last + 1, Cells: r.row.Cells[:0]}, 0
	for _, a := range attrs {
		switch a.Name.Local {
		case "r":
			n, err := strconv.ParseInt(a.Value, 10, 64)
			if err != nil || n <= r.last {
				return fmt.Errorf("the row behind it has the number %.20q", a.Value)
			}
			r.row.Number = n
		case "hidden":
			r.row.Hidden = isTrue(a.Value)
		}
	}
	if r.last = r.row.Number; r.last > MaxRows {
		return fmt.Errorf("a sheet has %d rows at most", MaxRows)
	}
	return nil
}

// cells reads the cells of a row.
func (r *Rows) cells() error {
	column := 0
	for {
		token, err := r.xml.RawToken()
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if t.Name.Local != "c" {
				continue
			}
			c := cell{column: column + 1}
			if err := c.begin(t.Attr); err != nil {
				return err
			}
			if c.column <= column {
				return errors.New("its cells are in no order")
			}
			column = c.column
			text, err := r.read(&c)
			if err != nil {
				return err
			}
			r.put(column, text)
		case xml.EndElement:
			if t.Name.Local == "row" {
				return nil
			}
		}
	}
}

// put adds the text of a column to the row, if there is room for it.
func (r *Rows) put(column int, text string) {
	if text == "" {
		return
	}
	if r.size += len(text); r.size > r.MaxBytes || column > r.MaxCells {
		r.row.Long = true
		return
	}
	for len(r.row.Cells) < column-1 {
		r.row.Cells = append(r.row.Cells, "")
	}
	r.row.Cells = append(r.row.Cells, text)
}

// cell is one as it lies in the file.
type cell struct {
	column  int // from 1
	kind    string
	style   int
	formula bool
	valued  bool
}

func (c *cell) begin(attrs []xml.Attr) (err error) {
	for _, a := range attrs {
		switch a.Name.Local {
		case "r":
			if c.column, err = columnOf(a.Value); err != nil {
				return err
			}
		case "t":
			c.kind = a.Value
		case "s":
			if c.style, err = strconv.Atoi(a.Value); err != nil {
				return fmt.Errorf("a cell has the style %.20q", a.Value)
			}
		}
	}
	return nil
}

// read returns the text of a cell.
func (r *Rows) read(c *cell) (text string, err error) {
	var value []byte
	within := false
	for {
		token, err := r.xml.RawToken()
		if err != nil {
			return "", err
		}
		switch t := token.(type) {
		case xml.StartElement:
			switch t.Name.Local {
			case "v":
				within, c.valued = true, true
			case "f":
				c.formula = true
			case "is":
				c.valued = true
				if text, err = richText(r.xml, "is"); err != nil {
					return "", err
				}
			}
		case xml.CharData:
			if within {
				value = append(value, t...)
			}
		case xml.EndElement:
			switch t.Name.Local {
			case "v":
				within = false
			case "c":
				if c.kind == "inlineStr" {
					return text, nil
				}
				return r.text(c, string(value))
			}
		}
	}
}

// text returns the text of a cell with a value.
func (r *Rows) text(c *cell, value string) (string, error) {
	if c.formula && (!c.valued || value == "" && c.kind != "str") {
		r.row.Unvalued = c.column
		return NoValue, nil
	}
	if value == "" {
		return "", nil
	}
	switch c.kind {
	case "s":
		return r.book.strings.get(value)
	case "str":
		return unescape(value), nil
	case "b":
		if isTrue(value) {
			return "TRUE", nil
		}
		return "FALSE", nil
	case "", "n":
		text, rounded := r.book.number(strings.TrimSpace(value), c.style)
		if rounded && r.row.Rounded == 0 {
			r.row.Rounded = c.column
		}
		return text, nil
	}
	return value, nil // the name of an error, or a date in ISO 8601
}

// columnOf returns the column of a reference such as C14, from 1.
func columnOf(ref string) (int, error) {
	n := 0
	for i := range len(ref) {
		c := ref[i] | 0x20
		if c < 'a' || c > 'z' {
			break
		}
		if n = n*26 + int(c-'a') + 1; n > MaxColumns {
			break
		}
	}
	if n < 1 || n > MaxColumns {
		return 0, fmt.Errorf("%.20q is the place of no cell", ref)
	}
	return n, nil
}

// ColumnName returns the letters of a column, from 1.
func ColumnName(n int) string {
	var letters []byte
	for ; n > 0; n = (n - 1) / 26 {
		letters = append(letters, byte('A'+(n-1)%26))
	}
	slices.Reverse(letters)
	return string(letters)
}

func isTrue(value string) bool { return value == "1" || value == "true" }
