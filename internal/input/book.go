package input

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"unicode/utf16"

	"github.com/sunbulk/sunbulk/internal/xlsx"
)

// xls begins the files of old Excel, and those of new Excel that have a password.
const xls = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

// maxCopied bounds what is copied to the disk of a workbook that comes from elsewhere.
const maxCopied = 2 << 30

// openBook opens a workbook, which plain holds when it begins like an archive, or says that it is one that cannot be read.
func (s *source) openBook(plain *bufio.Reader, magic []byte, compression string) (handled bool, err error) {
	if bytes.HasPrefix(magic, []byte(xls)) {
		return true, refuseXLS(plain)
	}
	if !bytes.HasPrefix(magic, []byte("PK\x03\x04")) && !bytes.HasPrefix(magic, []byte("PK\x05\x06")) {
		return false, nil
	}
	file, size, err := s.archive(plain, compression)
	if err != nil {
		return true, err
	}
	counted := &countedFile{File: file, read: s.stored.read}
	if s.book, err = xlsx.Open(counted, size); err != nil {
		return true, asInputError(err)
	}
	s.suffix = compression
	s.closers = append(s.closers, func() error {
		s.stored.read.Add(-counted.n)
		return s.book.Close()
	})
	return true, nil
}

// archive returns a file in which one can go back and forth, as an archive needs: its table of contents stands at its end. What comes from
// elsewhere is copied into one that has no name.
func (s *source) archive(plain *bufio.Reader, compression string) (*os.File, int64, error) {
	if disk, ok := s.stored.r.(*os.File); ok && s.again && compression == "" {
		return disk, s.size, nil
	}
	temp, err := xlsx.Unnamed()
	if err != nil {
		return nil, 0, &Error{Cause: "is a workbook, of which a copy must be made", Err: err, Hint: "see that TMPDIR has room"}
	}
	s.closers = append(s.closers, temp.Close)
	size, err := io.Copy(temp, io.LimitReader(plain, maxCopied+1))
	switch {
	case err != nil:
		return nil, 0, &Error{Cause: "cannot be copied to a file", Err: err}
	case size > maxCopied:
		return nil, 0, &Error{Cause: fmt.Sprintf("is a workbook of more than %d GiB", maxCopied>>30), Hint: "export it as CSV UTF-8"}
	}
	return temp, size, nil
}

// countedFile counts what is read of a workbook, for the progress: the stored bytes are read behind one another only at the end.
type countedFile struct {
	*os.File
	read *atomic.Int64
	n    int64
}

func (f *countedFile) ReadAt(p []byte, at int64) (int, error) {
	n, err := f.File.ReadAt(p, at)
	f.n += int64(n)
	f.read.Add(int64(n))
	return n, err
}

// refuseXLS says what a file of the format of old Excel is.
func refuseXLS(plain *bufio.Reader) *Error {
	head, _ := plain.Peek(plain.Size())
	if bytes.Contains(head, inUTF16("EncryptedPackage")) {
		return &Error{Cause: "is a workbook with a password", Hint: "save it without one, or export it as CSV UTF-8"}
	}
	return &Error{Cause: "is a workbook of old Excel (.xls), or another file of its format", Hint: "save it as .xlsx without a password, or export it as CSV UTF-8"}
}

func inUTF16(text string) []byte {
	var b []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		b = append(b, byte(unit), byte(unit>>8))
	}
	return b
}

// asInputError returns an error of a workbook as one of an input.
func asInputError(err error) error {
	if e, ok := errors.AsType[*xlsx.Error](err); ok {
		return &Error{Cause: e.Cause, Err: e.Err, Hint: e.Hint}
	}
	return err
}
