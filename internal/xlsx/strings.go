package xlsx

import (
	"archive/zip"
	"bufio"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

const (
	blockStrings = 64 // strings of a block
	keptBlocks   = 256
)

// sharedStrings are the texts that cells refer to by number. They are read as far as cells need them, and kept in a file without a name:
// a sheet of a million rows can have as many of them.
type sharedStrings struct {
	book    *Workbook
	file    *zip.File // nil where there are none
	part    *meter
	xml     *xml.Decoder
	disk    *os.File
	out     *bufio.Writer
	written int64
	flushed int64
	offsets []int64  // of each block
	last    []string // of the block that is being filled
	cut     bool     // the part is read to its end
	blocks  map[int][]string
	order   []int // of blocks, the one read first in front
}

var errNoString = errors.New("a cell refers to a text that is not there")

// get returns the text with a number, from 0.
func (s *sharedStrings) get(number string) (string, error) {
	i, err := strconv.Atoi(strings.TrimSpace(number))
	if err != nil || i < 0 || s.file == nil {
		return "", errNoString
	}
	for i >= len(s.offsets)*blockStrings+len(s.last) {
		if s.cut {
			return "", errNoString
		}
		if err := s.more(); err != nil {
			return "", fmt.Errorf("%s: %w", s.file.Name, err)
		}
	}
	block := i / blockStrings
	if block == len(s.offsets) {
		return s.last[i%blockStrings], nil
	}
	texts := s.blocks[block]
	if texts == nil {
		if texts, err = s.load(block); err != nil {
			return "", err
		}
	}
	return texts[i%blockStrings], nil
}

// more reads one text more, or notes that there is none.
func (s *sharedStrings) more() error {
	if s.xml == nil {
		part, err := s.book.openPart(s.file)
		if err != nil {
			return err
		}
		s.part, s.xml, s.blocks = part, xml.NewDecoder(part), map[int][]string{}
	}
	for {
		s.part.next()
		t, err := s.xml.RawToken()
		if err != nil {
			return broken(err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			if t.Name.Local == "si" {
				text, err := richText(s.xml, "si")
				if err != nil {
					return err
				}
				return s.add(text)
			}
		case xml.EndElement:
			if t.Name.Local == "sst" {
				s.cut = true
				return nil
			}
		}
	}
}

// add keeps a text. A block that is full goes to the disk.
func (s *sharedStrings) add(text string) error {
	if s.last = append(s.last, text); len(s.last) < blockStrings {
		return nil
	}
	if s.disk == nil {
		disk, err := Unnamed()
		if err != nil {
			return err
		}
		s.disk, s.out = disk, bufio.NewWriterSize(disk, 64<<10)
	}
	s.offsets = append(s.offsets, s.written)
	var length [binary.MaxVarintLen64]byte
	for _, text := range s.last {
		n := binary.PutUvarint(length[:], uint64(len(text)))
		if _, err := s.out.Write(length[:n]); err != nil {
			return err
		}
		if _, err := s.out.WriteString(text); err != nil {
			return err
		}
		s.written += int64(n + len(text))
	}
	s.keep(len(s.offsets)-1, s.last)
	s.last = nil
	return nil
}

func (s *sharedStrings) keep(block int, texts []string) {
	if len(s.order) == keptBlocks {
		delete(s.blocks, s.order[0])
		s.order = s.order[1:]
	}
	s.blocks[block], s.order = texts, append(s.order, block)
}

// load reads a block back.
func (s *sharedStrings) load(block int) ([]string, error) {
	if s.flushed < s.written {
		if err := s.out.Flush(); err != nil {
			return nil, err
		}
		s.flushed = s.written
	}
	end := s.written
	if block+1 < len(s.offsets) {
		end = s.offsets[block+1]
	}
	data := make([]byte, end-s.offsets[block])
	if _, err := s.disk.ReadAt(data, s.offsets[block]); err != nil {
		return nil, err
	}
	texts := make([]string, blockStrings)
	for i := range texts {
		length, n := binary.Uvarint(data)
		texts[i] = string(data[n : n+int(length)])
		data = data[n+int(length):]
	}
	s.keep(block, texts)
	return texts, nil
}

func (s *sharedStrings) close() error {
	if s == nil {
		return nil
	}
	if s.part != nil {
		s.part.close()
	}
	if s.disk != nil {
		return s.disk.Close()
	}
	return nil
}

// Unnamed makes a file that has no name: nobody else can open it, and it is gone with the process.
func Unnamed() (*os.File, error) {
	f, err := os.CreateTemp("", ".sunbulk-")
	if err != nil {
		return nil, err
	}
	return f, os.Remove(f.Name())
}

// richText returns the text within an element, without the readings that stand above characters.
func richText(d *xml.Decoder, element string) (string, error) {
	var text strings.Builder
	within, reading := false, 0
	for {
		t, err := d.RawToken()
		if err != nil {
			return "", broken(err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			switch t.Name.Local {
			case "t":
				within = true
			case "rPh":
				reading++
			}
		case xml.CharData:
			if within && reading == 0 {
				text.Write(t)
			}
		case xml.EndElement:
			switch t.Name.Local {
			case element:
				return unescape(text.String()), nil
			case "t":
				within = false
			case "rPh":
				reading--
			}
		}
	}
}

// broken says of an end of the XML that it comes too early.
func broken(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// unescape reads the characters that XML does not have and Excel writes as _x000D_.
func unescape(text string) string {
	at := strings.Index(text, "_x")
	if at < 0 {
		return text
	}
	var out strings.Builder
	for ; at >= 0; at = strings.Index(text, "_x") {
		out.WriteString(text[:at])
		text = text[at:]
		if len(text) < len("_x0000_") || text[6] != '_' {
			out.WriteString(text[:2])
			text = text[2:]
			continue
		}
		code, err := strconv.ParseUint(text[2:6], 16, 16)
		if err != nil {
			out.WriteString(text[:2])
			text = text[2:]
			continue
		}
		out.WriteRune(rune(code))
		text = text[len("_x0000_"):]
	}
	out.WriteString(text)
	return out.String()
}
