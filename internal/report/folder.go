package report

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/sunbulk/sunbulk/internal/folder"
)

// jobFiles are what Write makes.
var jobFiles = []string{
	"results.csv", "failed.csv", "in_doubt.csv", "unprocessed.csv", "rejected.csv", "duplicates.csv", "clients.csv", "clients.ndjson",
	"verify.csv", "report.html", "summary.json",
}

// JobFiles names the files that the report of a job may have.
func JobFiles() []string { return slices.Clone(jobFiles) }

// undoFiles are what WriteUndo makes, and runFiles what WriteRun does.
var (
	undoFiles = []string{"undo.csv", "undo_not_possible.csv"}
	runFiles  = []string{"rows.csv", "report.html", "run.json"}
)

// Dir names the folder of a job's or a run's report: out, or where that is empty one named after the owner.
func Dir(out, owner string) string {
	if out == "" {
		out = "sunbulk-" + owner
	}
	return filepath.Clean(out)
}

// Open opens the folder dir, which it creates when missing, for the reports of one job or run. Its error is that of
// folder.Open, or a *folder.ForeignError when a file that a report is to write there is not of an earlier report.
func Open(dir, owner string) (*folder.Folder, error) {
	f, err := folder.Open(dir, owner, slices.Concat(jobFiles, undoFiles, runFiles)...)
	if err != nil {
		return nil, err
	}
	if err := f.Check(slices.Concat(jobFiles, undoFiles, runFiles)...); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Look tells whose reports dir holds, and changes nothing; empty where it is free. Its error is that of folder.Look.
func Look(dir string) (owner string, err error) {
	return folder.Look(dir, slices.Concat(jobFiles, runFiles)...)
}

// draft is the next files of a report folder, which are put in place together.
type draft struct {
	*folder.Draft
	folder  *folder.Folder
	outputs []*output
}

func newDraft(f *folder.Folder) (*draft, error) {
	d, err := f.NewDraft()
	if err != nil {
		return nil, err
	}
	return &draft{Draft: d, folder: f}, nil
}

// discard removes what was not published. It is for defer: after publish little is left to remove.
func (d *draft) discard() {
	for _, o := range d.outputs {
		if o.file != nil {
			o.file.Close()
		}
	}
	_ = d.Discard() // the next report removes it
}

// output adds a file to the folder. It exists only if something is written.
func (d *draft) output(name string) *output {
	o := &output{draft: d, name: name}
	o.buf = bufio.NewWriterSize(o, 1<<16)
	d.outputs = append(d.outputs, o)
	return o
}

// publish renames the files into place in the order in which they were added, once all are safe on
// disk, and removes those of an earlier report that were not written this time.
func (d *draft) publish() error {
	var files []folder.File
	for _, o := range d.outputs {
		if err := o.finish(); err != nil {
			return fmt.Errorf("write %s: %w", o.name, err)
		}
		files = append(files, o.made())
	}
	return d.folder.Publish(d.Draft, files)
}

// output is one file of a report, written beside its place through buf.
type output struct {
	draft   *draft
	name    string
	buf     *bufio.Writer
	file    *os.File // nil before anything is written
	stamper *folder.Stamper
}

// Write is what buf flushes to.
func (o *output) Write(p []byte) (int, error) {
	if o.file == nil {
		file, err := os.OpenFile(filepath.Join(o.draft.Dir(), o.name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return 0, err
		}
		o.file, o.stamper = file, folder.NewStamper(file)
	}
	return o.stamper.Write(p)
}

// finish brings all that was written to the disk.
func (o *output) finish() error {
	if err := o.buf.Flush(); err != nil || o.file == nil {
		return err
	}
	return errors.Join(o.file.Sync(), o.file.Close())
}

// made is what finish has left in the draft.
func (o *output) made() folder.File {
	if o.file == nil {
		return folder.File{Name: o.name}
	}
	stamp := o.stamper.Stamp()
	return folder.File{Name: o.name, Stamp: &stamp}
}
