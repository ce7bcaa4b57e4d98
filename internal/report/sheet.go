package report

import (
	"encoding/csv"
	"fmt"
	"strings"
)

// sheet is a CSV file. Its header is written before its first line, so a file without lines is none.
type sheet struct {
	name    string
	csv     *csv.Writer
	started bool
	cells   []string
}

func (d *draft) sheet(name string) *sheet {
	// csv takes the output's own buffer as its own, so that finish flushes both.
	return &sheet{name: name, csv: csv.NewWriter(d.output(name).buf)}
}

// write adds one line, below header, with cells defused.
func (s *sheet) write(header, cells []string) error {
	if !s.started {
		s.started = true
		if err := s.write(header, header); err != nil {
			return err
		}
	}
	s.cells = s.cells[:0]
	for _, c := range cells {
		s.cells = append(s.cells, defuse(c))
	}
	if err := s.csv.Write(s.cells); err != nil {
		return fmt.Errorf("write %s: %w", s.name, err)
	}
	return nil
}

const formulaStarts = "=+-@\t\r"

// defuse puts a ' before a cell that a spreadsheet would run as a formula. A cell that begins with
// ' and would be one without it gets another, so that this rule of the reader restores every cell:
// take one ' off a cell that is one or more ' followed by one of = + - @ tab CR.
func defuse(cell string) string {
	if cell == "" || cell[0] != '\'' && !strings.Contains(formulaStarts, cell[:1]) {
		return cell
	}
	bare := strings.TrimLeft(cell, "'")
	if bare == "" || !strings.Contains(formulaStarts, bare[:1]) {
		return cell
	}
	if len(bare) == len(cell) && isNumber(cell) {
		return cell
	}
	return "'" + cell
}

// isNumber tells whether s, which begins with a sign, is a number such as -12.5 or a phone number
// such as +1 212-555-2368: without a letter it can name no function and no cell.
func isNumber(s string) bool {
	if len(s) < 2 || s[1] < '0' || s[1] > '9' {
		return false
	}
	switch s[0] {
	case '+':
		return strings.Trim(s[1:], "0123456789 ().-") == ""
	case '-':
		whole, part, _ := strings.Cut(s[1:], ".")
		return strings.Trim(whole+part, "0123456789") == ""
	}
	return false
}
