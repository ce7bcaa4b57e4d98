package input

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"sync/atomic"
	"unicode/utf8"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/text/encoding/unicode"

	"github.com/sunbulk/sunbulk/internal/xlsx"
	"github.com/sunbulk/sunbulk/jobs"
)

// zstdWindow is the most memory that a zstd frame may ask for; the zstd command's own limit.
const zstdWindow = 128 << 20

// source is a file as UTF-8 text, decompressed and without a byte order mark, or as a workbook.
type source struct {
	text    io.Reader      // nil of a workbook
	book    *xlsx.Workbook // nil of text
	suffix  string         // of the format, such as +utf-16+gzip
	stored  *stored
	size    int64 // stored bytes; 0 = unknown
	again   bool  // can be opened again
	closers []func() error
}

// stored counts and digests the bytes as they lie in the file.
type stored struct {
	r    io.Reader
	n    int64
	hash hash.Hash
	read *atomic.Int64 // over all files
}

func (s *stored) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.hash.Write(p[:n])
	s.n += int64(n)
	s.read.Add(int64(n))
	return n, err
}

func (f *file) openSource(b *binder, read *atomic.Int64) (*source, error) {
	s := &source{}
	raw, err := s.openRaw(f)
	if err == nil {
		s.stored = &stored{r: raw, hash: sha256.New(), read: read}
		err = s.decode(b)
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// openRaw opens the stored bytes.
func (s *source) openRaw(f *file) (io.Reader, error) {
	switch {
	case f.get != nil:
		r, err := openRemote(f.ctx, f.network, f.place)
		if err != nil {
			return nil, err
		}
		s.closers = append(s.closers, r.close)
		s.size, s.again = r.version.size, r.version.known()
		return r, nil
	case f.name != "-":
		disk, err := f.openFile()
		if err != nil {
			return nil, err
		}
		s.closers = append(s.closers, disk.Close)
		return s.measure(f.ctx, disk)
	case f.stdin == nil:
		return nil, &Error{Cause: "there is no standard input"}
	}
	if pipe, ok := f.stdin.(*os.File); ok {
		return s.measure(f.ctx, pipe)
	}
	return newBreakable(f.ctx, f.stdin), nil
}

// measure takes the size of a regular file. What else there is may keep its readers waiting.
func (s *source) measure(ctx context.Context, f *os.File) (io.Reader, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, &Error{Cause: "is a directory", Hint: "name the files in it"}
	}
	if !info.Mode().IsRegular() {
		return newBreakable(ctx, f), nil
	}
	s.again, s.size = true, info.Size()
	return f, nil
}

// decode sets text by the first bytes of the file and of what they unpack to.
func (s *source) decode(b *binder) error {
	packed := bufio.NewReaderSize(s.stored, 64<<10)
	magic, err := packed.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return &Error{Cause: "cannot be read", Err: err}
	}
	plain, compression := packed, ""
	switch {
	case bytes.HasPrefix(magic, []byte("\x1f\x8b")):
		z, err := newGzipMembers(packed)
		if err != nil {
			return &Error{Cause: "is no sound gzip file", Err: err}
		}
		// The error of a broken file is Read's to tell.
		s.closers = append(s.closers, func() error { z.Close(); return nil })
		plain, compression = bufio.NewReaderSize(named{z, "gzip"}, 64<<10), "+gzip"
	case isZstd(magic):
		z, err := zstd.NewReader(packed, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(zstdWindow))
		if err != nil {
			return &Error{Cause: "is no sound zstd file", Err: err}
		}
		s.closers = append(s.closers, func() error { z.Close(); return nil })
		plain, compression = bufio.NewReaderSize(named{z, "zstd"}, 64<<10), "+zstd"
	}
	if magic, err = plain.Peek(len(xls)); err != nil && !errors.Is(err, io.EOF) {
		return &Error{Cause: "cannot be read", Err: err}
	}
	if handled, err := s.openBook(plain, magic, compression); handled || err != nil {
		return err
	}
	if _, err := plain.Peek(3); err != nil && !errors.Is(err, io.EOF) {
		return &Error{Cause: "cannot be read", Err: err}
	}
	text, encoding, err := decoded(plain, b)
	s.text, s.suffix = text, encoding+compression
	return err
}

// decoded returns what plain holds as UTF-8, in the encoding that its byte order mark names, or else in the one that is asked for.
func decoded(plain *bufio.Reader, b *binder) (text io.Reader, suffix string, err error) {
	head, _ := plain.Peek(plain.Buffered())
	switch {
	case bytes.HasPrefix(head, []byte(mark)):
		if _, err := plain.Discard(len(mark)); err != nil {
			return nil, "", &Error{Cause: "cannot be read", Err: err}
		}
		return plain, "", nil
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder().Reader(plain), "+utf-16", nil
	case b.charset.decoder == nil, isRowFile(head):
		return plain, "", nil
	}
	if err := b.charset.refuse(head); err != nil {
		err.Hint = "leave " + b.option("encoding") + " out: one job's files all have the same encoding, but for those with a byte order mark"
		return nil, "", err
	}
	return b.charset.decoder.NewDecoder().Reader(plain), "+" + b.charset.name, nil
}

// isRowFile tells a file that a report offers as input. It is in UTF-8, whatever the input of that job was, unless a program that
// knows no better has saved it since.
func isRowFile(head []byte) bool {
	end, quoted := len(head), false
	for i, c := range head {
		if c == '"' {
			quoted = !quoted
		} else if c == '\n' && !quoted {
			end = i
			break
		}
	}
	header := head[:end]
	return bytes.Contains(header, []byte(jobs.LineageColumn)) && utf8.Valid(whole(head))
}

// isZstd tells a zstd frame, or a skippable one as some compressors write first.
func isZstd(magic []byte) bool {
	return bytes.HasPrefix(magic, []byte("\x28\xb5\x2f\xfd")) ||
		len(magic) == 4 && magic[0]&0xf0 == 0x50 && bytes.Equal(magic[1:], []byte("\x2a\x4d\x18"))
}

// named says whose error it is that a decompressor returns.
type named struct {
	r    io.Reader
	name string
}

func (n named) Read(p []byte) (int, error) {
	read, err := n.r.Read(p)
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		err = fmt.Errorf("the %s data is cut off: %w", n.name, err)
	case err != nil && !errors.Is(err, io.EOF):
		err = fmt.Errorf("unpack %s: %w", n.name, err)
	}
	return read, err
}

// drain reads the stored bytes to their end.
func (s *source) drain() error {
	if _, err := io.Copy(io.Discard, s.stored); err != nil {
		return fmt.Errorf("read to the end: %w", err)
	}
	return nil
}

func (s *source) close() error {
	var errs []error
	for _, c := range s.closers {
		errs = append(errs, c())
	}
	return errors.Join(errs...)
}
