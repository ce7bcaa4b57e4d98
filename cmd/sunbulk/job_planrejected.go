package main

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"

	"github.com/sunbulk/sunbulk/internal/plan"
	"github.com/sunbulk/sunbulk/internal/report"
	"github.com/sunbulk/sunbulk/jobs"
)

// refuseRejectedFile refuses a name at which something is.
func refuseRejectedFile(name string) error {
	if name == "-" {
		return usage("--rejected takes the name of a file", "--json writes the plan on stdout")
	}
	if _, err := os.Lstat(name); name != "" && !errors.Is(err, fs.ErrNotExist) {
		return usage(fmt.Sprintf("--rejected %s is there already", name), "give another name, or move it away")
	}
	return nil
}

// rejectedFile keeps what a plan rejects, for the file of --rejected.
type rejectedFile struct {
	name string // empty = there is none to write
	kept *report.Rejections
	err  error // of the first record that could not be kept
}

// newRejectedFile makes a place for the rows; close removes it.
func newRejectedFile(name string) (*rejectedFile, error) {
	f := &rejectedFile{name: name}
	if name == "" {
		return f, nil
	}
	var err error
	if f.kept, err = report.NewRejections(); err != nil {
		return nil, cannotRun(err, "check the space in TMPDIR")
	}
	return f, nil
}

func (f *rejectedFile) close() error {
	if f.kept == nil {
		return nil
	}
	return f.kept.Close()
}

// watch returns the rows and keeps the rejected ones as they pass. The rows end where one cannot be kept.
func (f *rejectedFile) watch(rows iter.Seq2[jobs.Row, *jobs.Rejection]) iter.Seq2[jobs.Row, *jobs.Rejection] {
	if f.kept == nil {
		return rows
	}
	return func(yield func(jobs.Row, *jobs.Rejection) bool) {
		for row, rejection := range rows {
			if rejection != nil {
				f.err = f.kept.Add(rejection)
			}
			if f.err != nil || !yield(row, rejection) {
				return
			}
		}
	}
}

// writeRejected writes the file of a plan that has rejected rows.
func (p *program) writeRejected(f *rejectedFile, made plan.Plan) error {
	if f.kept == nil || f.err != nil {
		return f.err
	}
	written, err := f.kept.Write(f.name, made.Inputs)
	switch {
	case errors.Is(err, fs.ErrExist):
		return usage(fmt.Sprintf("--rejected %s has come into being meanwhile", f.name), "give another name")
	case err != nil:
		return cannotRun(fmt.Errorf("write rejected rows: %w", err), "check --rejected and the space on the disk")
	case p.quiet:
	case written > 0:
		printf(p.screen, "rejected: %s in %s\n", jobs.Count(written, "row"), f.name)
	case made.Rejected > 0:
		p.note("no file written: the rejected rows repeat earlier ones")
	}
	return nil
}
