package input

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// csvScanner cuts a text into CSV records as RFC 4180 has them. Line breaks inside quotes stay as they are.
type csvScanner struct {
	*window
	comma byte

	scanned
	ended    bool   // the record ends with a line end
	quotes   bool   // it has some: its empty cells were written on purpose
	bareCR   bool   // it ends, or the one before it did, with a carriage return that no line feed follows
	endsBare bool   // it ends so itself
	whole    string // the text that cells are cut from
	text     []byte // unquoted cells, one behind the other
	bounds   []int  // ends of the cells in text
}

// scan reads the next record into cells. After a *recordError it stands on the line behind the one
// where the record starts; any other error ends the text, io.EOF as it should.
func (s *csvScanner) scan() error {
	if err := s.skipBlankLines(); err != nil {
		return err
	}
	s.start = s.window.line
	end, err := s.recordEnd()
	switch {
	case errors.Is(err, errTooLong):
		return s.giveUp(end, &recordError{cell: -1, cause: err.Error()})
	case err != nil && !errors.Is(err, io.EOF):
		return err
	}
	s.ended = err == nil
	if s.quotes = bytes.IndexByte(s.unread()[:end], '"') >= 0; !s.quotes {
		s.split(string(trimCR(s.unread()[:end])))
		s.pass(end)
		return nil
	}
	last, err := s.unquote(end)
	if err != nil {
		return s.giveUp(end, err)
	}
	s.pass(last)
	return nil
}

// pass moves behind a record that ends at end.
func (s *csvScanner) pass(end int) {
	after := s.endsBare
	s.endsBare = end < len(s.unread()) && s.unread()[end] == '\r'
	s.advance(s.behind(end))
	if s.endsBare {
		s.window.line++
	}
	s.bareCR = after || s.endsBare
}

// recordEnd returns the offset of the line end, as lineEnd does: that of a line feed, or of a carriage return that none follows.
func (s *csvScanner) recordEnd() (int, error) {
	for from := 0; ; {
		text := s.unread()[from:]
		feed := bytes.IndexByte(text, '\n')
		if feed >= 0 {
			text = text[:feed]
		}
		if i := bareReturn(text); i >= 0 {
			return from + i, nil
		}
		if feed >= 0 {
			return s.lineEnd(from)
		}
		if from = max(0, len(s.unread())-1); from > maxRecord { // the last byte may be a carriage return
			return len(s.unread()), errTooLong
		}
		if !s.fill() {
			return len(s.unread()), s.err
		}
	}
}

// behind returns the offset behind the line end at end.
func (s *csvScanner) behind(end int) int {
	if s.ended {
		return end + 1
	}
	return end
}

// giveUp moves to the line behind the record's first one, which ends at end.
func (s *csvScanner) giveUp(end int, err error) error {
	if e, ok := errors.AsType[*recordError](err); ok {
		e.raw = cut(string(trimCR(s.unread()[:min(end, maxKept+1)])), maxKept)
	}
	if end < len(s.unread()) && s.unread()[end] == '\r' {
		s.pass(end)
	} else {
		s.skipLine()
	}
	return err
}

// split cuts a record without quotes.
func (s *csvScanner) split(text string) {
	s.cells, s.whole = s.cells[:0], text
	from := 0
	for i := range len(text) {
		if text[i] == s.comma {
			if len(s.cells) == maxColumns {
				break
			}
			s.cells = append(s.cells, text[from:i])
			from = i + 1
		}
	}
	s.cells = append(s.cells, text[from:])
}

// unquote cuts a record with quotes whose first line ends at end, and returns where its last line does.
func (s *csvScanner) unquote(end int) (last int, err error) {
	s.text, s.bounds = s.text[:0], s.bounds[:0]
	at := 0
	for more := true; more; {
		if at < end && s.unread()[at] == '"' {
			at, end, err = s.quoted(at+1, end)
		} else {
			at, end, err = s.bare(at, end)
		}
		if err != nil {
			return end, err
		}
		if len(s.bounds) <= maxColumns {
			s.bounds = append(s.bounds, len(s.text))
		}
		more = at < end && s.unread()[at] == s.comma
		at++
	}
	s.cells, s.whole = s.cells[:0], string(s.text)
	from := 0
	for _, to := range s.bounds {
		s.cells = append(s.cells, s.whole[from:to])
		from = to
	}
	return end, nil
}

// bare reads a cell without quotes from at, and returns the offset behind it, and where the record's line ends.
func (s *csvScanner) bare(at, end int) (int, int, error) {
	cell := s.unread()[at:end]
	if i := bytes.IndexByte(cell, s.comma); i >= 0 {
		cell = cell[:i]
	}
	if i := bareReturn(s.unread()[at:end]); i >= 0 && i < len(cell) {
		cell, end, s.ended = cell[:i], at+i, true
	}
	if i := bytes.IndexByte(cell, '"'); i >= 0 {
		return 0, end, s.fault(at+i+1, "has a quote in a cell that does not begin with one, at byte %d of the record; quote the cell and double the quotes in it")
	}
	if at += len(cell); at == end {
		cell = trimCR(cell)
	}
	s.text = append(s.text, cell...)
	return at, end, nil
}

// quoted reads a cell from behind its first quote at at, and returns the offset behind its last
// one, and where the line ends in which that stands.
func (s *csvScanner) quoted(at, end int) (int, int, error) {
	opened := at
	for {
		i := bytes.IndexByte(s.unread()[at:end], '"')
		if i < 0 {
			if !s.ended {
				return 0, end, s.unclosed(opened)
			}
			s.text = append(s.text, s.unread()[at:end+1]...)
			at = end + 1
			var err error
			end, err = s.lineEnd(at)
			if s.ended = err == nil; err != nil && !errors.Is(err, io.EOF) {
				return 0, end, s.unclosed(opened)
			}
			continue
		}
		s.text = append(s.text, s.unread()[at:at+i]...)
		at += i + 1
		rest := s.unread()[at:end]
		switch {
		case len(rest) > 0 && rest[0] == '"':
			s.text = append(s.text, '"')
			at++
		case len(rest) == 0, rest[0] == s.comma:
			return at, end, nil
		case len(trimCR(rest)) == 0:
			return end, end, nil
		case rest[0] == '\r':
			s.ended = true
			return at, at, nil
		default:
			return 0, end, s.fault(opened, "has text behind the closing quote of the cell that begins at byte %d of the record")
		}
	}
}

func (s *csvScanner) unclosed(opened int) error {
	return s.fault(opened, "has a quote at byte %d of the record that is not closed within 1 MiB")
}

// fault is the error of the cell that is being read; cause has a place for the byte.
func (s *csvScanner) fault(at int, cause string) error {
	return &recordError{cell: len(s.bounds), at: at, cause: fmt.Sprintf(cause, at)}
}

func trimCR(line []byte) []byte { return bytes.TrimRight(line, "\r") }

// bareReturn returns the offset of the first carriage return in a line behind which more than others of its kind stand; -1 when
// there is none. It ends a line, as on old Macs.
func bareReturn(line []byte) int {
	i := bytes.IndexByte(line, '\r')
	if i < 0 || len(trimCR(line[i:])) == 0 {
		return -1
	}
	return i
}
