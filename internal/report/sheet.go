package report

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"slices"

	"github.com/sunbulk/sunbulk/jobs"
)

// sheet is a CSV file. Its header is written before its first line, so a file without lines is none.
type sheet struct {
	name    string
	comma   byte
	out     *bufio.Writer
	csv     *csv.Writer // to out
	started bool
	cells   []string
}

func (d *draft) sheet(name string) *sheet { return newSheet(name, ',', d.output(name).buf) }

// rowSheet is the file of rows that are the input's own.
func (d *draft) rowSheet(name string, comma byte) *sheet {
	return newSheet(name, comma, d.output(name).buf)
}

// newSheet has out's buffer for its own, so that who flushes that flushes both.
func newSheet(name string, comma byte, out *bufio.Writer) *sheet {
	s := &sheet{name: name, comma: comma, out: out, csv: csv.NewWriter(out)}
	s.csv.Comma = rune(comma)
	return s
}

// write adds one line, below header, with cells defused.
func (s *sheet) write(header, cells []string) error {
	if !s.started {
		s.started = true
		if err := s.write(header, header); err != nil {
			return err
		}
	}
	if err := s.line(cells); err != nil {
		return fmt.Errorf("write %s: %w", s.name, err)
	}
	return nil
}

func (s *sheet) line(cells []string) error {
	if plain := len(cells) > 1 && !slices.ContainsFunc(cells, special); !plain {
		s.cells = s.cells[:0]
		for _, c := range cells {
			s.cells = append(s.cells, jobs.DefuseCellOf(s.comma, c))
		}
		return s.csv.Write(s.cells)
	}
	line := s.out.AvailableBuffer()
	for i, c := range cells {
		if i > 0 {
			line = append(line, s.comma)
		}
		line = append(line, c...)
	}
	_, err := s.out.Write(append(line, '\n'))
	return err
}

// special tells whether a cell may need quotes or defusing. Most do not.
func special(cell string) bool { return !jobs.PlainCell(cell) }
