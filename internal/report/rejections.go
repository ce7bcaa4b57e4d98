package report

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/sunbulk/sunbulk/internal/wholefile"
	"github.com/sunbulk/sunbulk/jobs"
)

// Rejections are the records that a job would reject, for a file like its rejected.csv. They are kept on disk until Write (I6).
type Rejections struct {
	dir      string // of the spool
	spool    *spool
	headings headings
	last     int64 // number of the last record
}

// NewRejections makes a place for them in the folder for temporary files. Close removes it.
func NewRejections() (*Rejections, error) {
	dir, err := os.MkdirTemp("", "sunbulk-rejected-")
	if err != nil {
		return nil, fmt.Errorf("keep rejected rows: %w", err)
	}
	s, err := openSpool(dir)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return &Rejections{dir: dir, spool: s}, nil
}

// Add takes a record. One that an earlier record makes superfluous, or that a filter leaves out, is nothing to mend and stays out.
func (x *Rejections) Add(r *jobs.Rejection) error {
	if r.Duplicate || r.Filtered {
		return nil
	}
	x.headings.places(r.Names, len(r.Values))
	x.last = max(x.last, r.Number)
	return x.spool.put(rejected(r))
}

// Write writes the file of records of these inputs whole, or not at all, with their delimiter, and says how many records it has; without any
// there is no file. Its error is fs.ErrExist where a file of that name is there.
func (x *Rejections) Write(name string, inputs []jobs.Input) (rows int64, err error) {
	comma := delimiterOf(inputs)
	if x.last == 0 {
		return 0, nil
	}
	err = wholefile.Create(name, func(w io.Writer) error {
		rows, err = x.write(bufio.NewWriterSize(w, 1<<16), comma)
		return err
	})
	if err != nil {
		return 0, err
	}
	return rows, nil
}

func (x *Rejections) write(out *bufio.Writer, comma byte) (rows int64, err error) {
	if err := x.spool.flush(); err != nil {
		return 0, err
	}
	line := rejectedLines(newSheet("rejected rows", comma, out), "", &x.headings)
	w := window{file: x.spool.file, size: x.spool.size}
	var r record
	for n := int64(1); n <= x.last; n++ {
		found, err := x.spool.read(&w, n, &r)
		if err != nil {
			return rows, err
		}
		if found {
			rows++
			if err := line(&r); err != nil {
				return rows, err
			}
		}
	}
	return rows, out.Flush()
}

// Close removes what was kept.
func (x *Rejections) Close() error {
	x.spool.close()
	return os.RemoveAll(x.dir)
}
