package input

import (
	"context"
	"errors"
	"io"
	"iter"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
)

// Reader reads the records of a list of files, one file after the other.
type Reader struct {
	files  []*file
	binder *binder
	rows   int64
	read   atomic.Int64
	total  int64
}

// Open checks the options and the start of every file: a CSV header and the record behind it. Its
// error is an *Error, or an *fs.PathError when a file cannot be opened. Files other than pipes are
// opened again when their turn comes.
//
// The end of ctx breaks off what is read over the network, like a connection that is lost for good:
// what takes the records must look at ctx itself, or it would take that for the input's own end.
func Open(ctx context.Context, files *Files, cfg Config) (*Reader, error) {
	b, err := newBinder(cfg)
	if err != nil {
		return nil, err
	}
	r := &Reader{binder: b}
	stdin := false
	for _, p := range files.places {
		if p.name == "-" && stdin {
			r.Close()
			return nil, &Error{File: p.name, Cause: "standard input can be read once only"}
		}
		stdin = stdin || p.name == "-"
		f := &file{place: p, ctx: ctx, network: files.network, stdin: cfg.Stdin, in: jobs.Input{Name: p.name, Version: p.version.String()}}
		r.files = append(r.files, f)
		if err := f.check(b, &r.read); err != nil {
			r.Close()
			return nil, err
		}
		r.total += f.size
	}
	for _, f := range r.files {
		if f.size == 0 {
			r.total = 0
		}
	}
	return r, nil
}

// At sets the time from which expressions count ages: that of Open, unless it is called before Records.
func (r *Reader) At(now time.Time) { r.binder.now = now }

// Records gives each record once, in the order of the files, numbered from 1. It can be ranged
// over once.
func (r *Reader) Records() iter.Seq[Record] {
	return func(yield func(Record) bool) {
		for _, f := range r.files {
			f.in.FirstRow = r.rows + 1
			if !r.readFile(f, yield) {
				return
			}
		}
	}
}

// Rows gives each record as a row with its rejection, or nil, until ctx ends. It can be ranged over once.
func (r *Reader) Rows(ctx context.Context) iter.Seq2[jobs.Row, *jobs.Rejection] {
	return func(yield func(jobs.Row, *jobs.Rejection) bool) {
		for record := range r.Records() {
			if ctx.Err() != nil || !yield(record.Row, record.Refused()) {
				return
			}
		}
	}
}

func (r *Reader) readFile(f *file, yield func(Record) bool) (ended bool) {
	defer func() { f.finish(ended) }()
	if err := f.begin(r.binder, &r.read); err != nil {
		return yield(r.number(f, f.breakOff(err)))
	}
	for {
		rec, err := f.parser.next()
		if errors.Is(err, io.EOF) {
			return true
		}
		if err != nil {
			return yield(r.number(f, f.breakOff(err)))
		}
		if !yield(r.number(f, rec)) {
			return false
		}
	}
}

// number makes rec the next row of the job.
func (r *Reader) number(f *file, rec Record) Record {
	r.rows++
	f.in.Rows++
	if rec.Rejection != nil {
		rec.Rejection.Number = r.rows
	} else {
		rec.Row.Number = r.rows
	}
	return rec
}

// Inputs tells what was read of each file. Digests are those of whole files once Records has ended.
func (r *Reader) Inputs() []jobs.Input {
	inputs := make([]jobs.Input, len(r.files))
	for i, f := range r.files {
		inputs[i] = f.in
	}
	return inputs
}

// sheets names the sheets that are read of workbooks.
func (r *Reader) sheets() string {
	var names []string
	for _, f := range r.files {
		if f.sheet != "" {
			names = append(names, f.sheet)
		}
	}
	return strings.Join(names, "\n")
}

// Progress is the stored bytes read so far and in all; total is 0 when it is not known. It may be
// called while Records runs.
func (r *Reader) Progress() (read, total int64) { return r.read.Load(), r.total }

// Close closes the files that are still open.
func (r *Reader) Close() error {
	var errs []error
	for _, f := range r.files {
		errs = append(errs, f.close())
	}
	return errors.Join(errs...)
}
