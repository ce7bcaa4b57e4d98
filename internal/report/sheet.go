package report

import (
	"encoding/csv"
	"fmt"

	"github.com/sunbulk/sunbulk/jobs"
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
		s.cells = append(s.cells, jobs.DefuseCell(c))
	}
	if err := s.csv.Write(s.cells); err != nil {
		return fmt.Errorf("write %s: %w", s.name, err)
	}
	return nil
}
