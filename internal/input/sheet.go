package input

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/sunbulk/sunbulk/internal/xlsx"
	"github.com/sunbulk/sunbulk/jobs"
)

// sheetFile reads the records of a sheet of a workbook.
type sheetFile struct {
	scanned
	rows   *xlsx.Rows
	name   string
	binder *binder
	long   bool // the row has more cells than are read
}

// openSheet opens the sheet that is asked for, or the only one that is shown and holds something.
func openSheet(book *xlsx.Workbook, b *binder) (*sheetFile, error) {
	sheet, err := chooseSheet(book, b)
	if err != nil {
		return nil, err
	}
	rows, err := openRows(book, sheet)
	if err != nil {
		return nil, err
	}
	return &sheetFile{rows: rows, name: sheet.Name, binder: b}, nil
}

func openRows(book *xlsx.Workbook, sheet xlsx.Sheet) (*xlsx.Rows, error) {
	rows, err := book.Rows(sheet)
	if err != nil {
		return nil, asInputError(err)
	}
	rows.MaxCells, rows.MaxBytes = maxColumns, maxRecord
	return rows, nil
}

func chooseSheet(book *xlsx.Workbook, b *binder) (xlsx.Sheet, error) {
	if b.sheet != "" {
		for _, s := range book.Sheets {
			if strings.EqualFold(s.Name, strings.TrimSpace(b.sheet)) {
				return s, nil
			}
		}
		if n, err := strconv.Atoi(strings.TrimSpace(b.sheet)); err == nil && n > 0 && n <= len(book.Sheets) {
			return book.Sheets[n-1], nil
		}
		return xlsx.Sheet{}, &Error{Cause: "the workbook has no sheet " + quote(b.sheet), Hint: "it has " + listSheets(book)}
	}
	var found []xlsx.Sheet
	for _, s := range book.Sheets {
		holds, err := holdsRows(book, s)
		if err != nil {
			return s, err
		}
		if holds && !s.Hidden {
			found = append(found, s)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return xlsx.Sheet{}, &Error{Cause: "no sheet that is shown holds anything", Hint: "choose one with " + b.option("sheet") + ": it has " + listSheets(book)}
	}
	return xlsx.Sheet{}, &Error{Cause: "the workbook has several sheets", Hint: "choose one with " + b.option("sheet") + ": it has " + listSheets(book)}
}

// holdsRows tells whether a row of the sheet has a cell that is not empty.
func holdsRows(book *xlsx.Workbook, s xlsx.Sheet) (bool, error) {
	rows, err := openRows(book, s)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	for {
		row, err := rows.Next()
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return false, asInputError(err)
		}
		if !isBlank(row.Cells) {
			return true, nil
		}
	}
}

func listSheets(book *xlsx.Workbook) string {
	const most = 20
	var names []string
	for i, s := range book.Sheets {
		if i == most {
			names = append(names, "…")
			break
		}
		name := fmt.Sprintf("%d %s", i+1, quote(s.Name))
		if s.Hidden {
			name += " (hidden)"
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

func (f *sheetFile) line() int64 { return f.rows.Line() }

func (f *sheetFile) scan() error {
	row, err := f.rows.Next()
	if errors.Is(err, io.EOF) {
		return errors.Join(io.EOF, f.rows.Close())
	}
	if err != nil {
		return asInputError(err)
	}
	f.start, f.cells, f.long = row.Number, append(f.cells[:0], row.Cells...), row.Long
	if row.Hidden {
		f.sayOnce("hidden", fmt.Sprintf("row %d is hidden in the sheet, and is read like the others", row.Number))
	}
	if row.Unvalued > 0 {
		f.sayOnce("unvalued", fmt.Sprintf("the formula in cell %s%d has no value in the file: open it in a spreadsheet and save it", xlsx.ColumnName(row.Unvalued), row.Number))
	}
	if row.Rounded > 0 {
		f.sayOnce("rounded", fmt.Sprintf("cell %s%d holds a number of more than 15 digits, of which spreadsheets keep 15: format ids as text", xlsx.ColumnName(row.Rounded), row.Number))
	}
	if row.Long {
		return &recordError{cell: -1, cause: fmt.Sprintf("has more than %d cells or 1 MiB of text", maxColumns), raw: cut(strings.Join(row.Cells, " "), maxKept)}
	}
	return nil
}

// sayOnce says one remark of each kind.
func (f *sheetFile) sayOnce(kind, remark string) {
	if !f.binder.said[kind] {
		f.binder.say(remark)
		f.binder.said[kind] = true
	}
}

func (f *sheetFile) check(want int) error {
	if got := len(f.cells); got > want {
		return fmt.Errorf("has a value in column %s, and the header has %s", xlsx.ColumnName(got), jobs.Count(want, "column"))
	}
	return nil
}

func (f *sheetFile) place(column int) string { return "in column " + xlsx.ColumnName(column+1) }

func (f *sheetFile) seen(columns string) string {
	return fmt.Sprintf("columns found in the first row of sheet %s: %s (%s chooses another)", quote(f.name), columns, f.binder.fileOption("sheet"))
}
