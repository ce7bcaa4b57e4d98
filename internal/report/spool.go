package report

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"

	"github.com/sunbulk/sunbulk/jobs"
)

// spool keeps records on disk in the order in which they came, and gives them back in row order.
type spool struct {
	file  *os.File
	w     *bufio.Writer
	size  int64
	index *index
	buf   []byte
}

// openSpool makes an empty spool in dir, which the caller removes.
func openSpool(dir string) (*spool, error) {
	file, err := os.CreateTemp(dir, "spool")
	if err != nil {
		return nil, fmt.Errorf("open spool: %w", err)
	}
	rows, err := os.CreateTemp(dir, "index")
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("open spool: %w", err)
	}
	return &spool{file: file, w: bufio.NewWriterSize(file, 1<<18), index: &index{file: rows}}, nil
}

func (s *spool) close() {
	s.file.Close()
	s.index.file.Close()
}

// has tells whether row n, from 1, is in the spool.
func (s *spool) has(n int64) (bool, error) {
	at, err := s.index.get(n)
	return at > 0, err
}

// put adds the record of a row that is not in the spool yet.
func (s *spool) put(r *record) error {
	s.buf = appendRecord(s.buf[:0], r)
	head := binary.AppendUvarint(s.w.AvailableBuffer(), uint64(len(s.buf)))
	// Offsets count from 1: 0 says that the row is not there.
	if err := s.index.set(r.Row.Number, s.size+1); err != nil {
		return err
	}
	s.w.Write(head) // its error comes again with the next write
	if _, err := s.w.Write(s.buf); err != nil {
		return fmt.Errorf("write spool: %w", err)
	}
	s.size += int64(len(head) + len(s.buf))
	return nil
}

// flush ends writing. Only then can records be read.
func (s *spool) flush() error {
	if err := s.w.Flush(); err != nil {
		return fmt.Errorf("write spool: %w", err)
	}
	return nil
}

// records gives the rows of a scope, each good until the next; one that was never put is lost.
func (s *spool) records(sc *scope) iter.Seq2[*record, error] {
	return func(yield func(*record, error) bool) {
		var r record
		w := window{file: s.file, size: s.size}
		for n := int64(1); n <= sc.last; n++ {
			found, err := s.read(&w, n, &r)
			if err != nil {
				yield(nil, err)
				return
			}
			r.lost = false
			if !found && n > sc.through {
				continue
			}
			if !found {
				r = record{Outcome: jobs.Outcome{Row: jobs.Row{Number: n}, Kind: jobs.Unprocessed, Detail: "not in the queue"}, lost: true}
			}
			if !yield(&r, nil) {
				return
			}
		}
	}
}

// backwards gives the rows that were put, from last to 1, each good until the next.
func (s *spool) backwards(last int64) iter.Seq2[*record, error] {
	return func(yield func(*record, error) bool) {
		var r record
		w := window{file: s.file, size: s.size}
		for n := last; n >= 1; n-- {
			found, err := s.read(&w, n, &r)
			if err != nil {
				yield(nil, err)
				return
			}
			if found && !yield(&r, nil) {
				return
			}
		}
	}
}

// read parses the record of row n into r, if it is there.
func (s *spool) read(w *window, n int64, r *record) (found bool, err error) {
	at, err := s.index.get(n)
	if err == nil && at > 0 {
		err = w.read(at-1, r)
	}
	if err != nil {
		return false, fmt.Errorf("read spool: %w", err)
	}
	return at > 0, nil
}

// window holds the part of a spool that is being read.
type window struct {
	file  *os.File
	size  int64 // of the file
	start int64 // where buf begins in the file
	buf   []byte
}

// Records mostly follow one another. After a jump the window is small, so that records in any
// order stay cheap, too.
const (
	jumpWindow = 4 << 10
	readWindow = 64 << 10
)

// read parses the record at offset.
func (w *window) read(offset int64, r *record) error {
	b, err := w.bytes(offset, binary.MaxVarintLen64)
	if err != nil {
		return err
	}
	length, n := binary.Uvarint(b)
	if n <= 0 || length > uint64(w.size) {
		return errSpool
	}
	if b, err = w.bytes(offset+int64(n), int(length)); err != nil {
		return err
	}
	if len(b) < int(length) {
		return errSpool
	}
	return parseRecord(b[:length], r)
}

// bytes returns n or more bytes from offset, fewer only at the end of the file.
func (w *window) bytes(offset int64, n int) ([]byte, error) {
	end := w.start + int64(len(w.buf))
	if offset >= w.start && min(offset+int64(n), w.size) <= end {
		return w.buf[offset-w.start:], nil
	}
	want := jumpWindow
	if offset >= w.start && offset <= end {
		want = readWindow
	}
	want = int(min(int64(max(want, n)), w.size-offset))
	if want < 0 {
		return nil, errSpool
	}
	if cap(w.buf) < want {
		w.buf = make([]byte, want)
	}
	w.buf, w.start = w.buf[:want], offset
	_, err := w.file.ReadAt(w.buf, offset)
	return w.buf, err
}

// index is a number per row, kept on disk but for one page.
type index struct {
	file   *os.File
	page   [indexPage]byte
	number int64 // of the page in memory
	dirty  bool
}

const (
	indexPage  = 4 << 10
	indexEntry = 8
)

// get returns the number of row n, from 1; 0 when none was set.
func (x *index) get(n int64) (int64, error) {
	entry, err := x.entry(n)
	if err != nil {
		return 0, err
	}
	return int64(binary.LittleEndian.Uint64(entry)), nil
}

func (x *index) set(n, v int64) error {
	entry, err := x.entry(n)
	if err != nil {
		return err
	}
	binary.LittleEndian.PutUint64(entry, uint64(v))
	x.dirty = true
	return nil
}

// entry brings the page of row n into memory.
func (x *index) entry(n int64) ([]byte, error) {
	at := (n - 1) * indexEntry
	if err := x.turn(at / indexPage); err != nil {
		return nil, fmt.Errorf("index rows: %w", err)
	}
	return x.page[at%indexPage:][:indexEntry], nil
}

func (x *index) turn(number int64) error {
	if number == x.number {
		return nil
	}
	if x.dirty {
		if _, err := x.file.WriteAt(x.page[:], x.number*indexPage); err != nil {
			return err
		}
		x.dirty = false
	}
	n, err := x.file.ReadAt(x.page[:], number*indexPage)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	clear(x.page[n:]) // beyond the end, or in a hole, no row was set
	x.number = number
	return nil
}
