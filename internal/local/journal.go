package local

import (
	"io"
	"sync"
)

// disk is the part of a file that a journal uses.
type disk interface {
	io.ReaderAt
	io.WriterAt
	Sync() error
}

// journal appends lines to a file. Those that wait for the disk at the same time share one fsync.
//
// Lines leave buf only when they are on the disk for certain. After a failure they are therefore
// written again, at the same place and before any other, and none is missing or there twice.
type journal struct {
	disk disk

	writing sync.Mutex // held by the one who writes; guards end and what groups hold
	end     int64      // offset behind the last line that is on the disk for certain

	mu     sync.Mutex
	buf    []byte // lines in order
	next   *group // of all lines in buf
	failed bool   // some of them could not be written
}

// DiskError says that a journal cannot be written. What it lacks was not done as far as a run that goes on can know.
type DiskError struct{ Err error }

func (e *DiskError) Error() string { return "write journal: " + e.Err.Error() }

// Unwrap returns what the disk said.
func (e *DiskError) Unwrap() error { return e.Err }

// group is the lines that are written together.
type group struct {
	done bool
	err  error
}

func newJournal(d disk, end int64) *journal { return &journal{disk: d, end: end, next: new(group)} }

// add puts a line behind all others. It is on the disk when settle of the group returns nil.
func (j *journal) add(line []byte) *group {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.buf = append(j.buf, line...)
	return j.next
}

// settle returns when the group was written: by this caller, or by another meanwhile.
func (j *journal) settle(g *group) error {
	j.writing.Lock()
	defer j.writing.Unlock()
	if !g.done { // then it is the next one, since only a writer replaces that
		j.write(g)
	}
	return g.err
}

func (j *journal) write(g *group) {
	j.mu.Lock()
	buf := j.buf
	j.buf, j.next = nil, new(group)
	j.mu.Unlock()

	g.done = true
	if len(buf) == 0 {
		return
	}
	_, g.err = j.disk.WriteAt(buf, j.end)
	if g.err == nil {
		g.err = j.disk.Sync()
	}
	if g.err == nil {
		j.end += int64(len(buf))
	} else {
		g.err = &DiskError{g.err}
	}

	j.mu.Lock()
	defer j.mu.Unlock()
	if j.failed = g.err != nil; j.failed {
		j.buf = append(buf, j.buf...)
	}
}

// flush writes all lines that were added.
func (j *journal) flush() error {
	j.mu.Lock()
	g := j.next
	j.mu.Unlock()
	return j.settle(g)
}

// ready writes what an earlier failure left behind. Work that begins with it does not pile up lines
// while the disk is full.
func (j *journal) ready() error {
	j.mu.Lock()
	failed := j.failed
	j.mu.Unlock()
	if !failed {
		return nil
	}
	return j.flush()
}

// waiting is the number of bytes that were added and are not on the disk.
func (j *journal) waiting() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.buf)
}

// written returns the lines that are on the disk.
func (j *journal) written() io.Reader {
	j.writing.Lock()
	defer j.writing.Unlock()
	return io.NewSectionReader(j.disk, 0, j.end)
}
