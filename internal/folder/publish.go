package folder

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/sunbulk/sunbulk/internal/osfile"
)

// Draft is a folder inside a Folder for files that are not finished.
type Draft struct {
	folder *Folder
	name   string
}

// draftPrefix begins the names of drafts, before their owner.
const draftPrefix = ".report-"

// NewDraft makes an empty draft, and removes what killed processes of the same owner left of theirs: it may name people.
func (f *Folder) NewDraft() (*Draft, error) {
	prefix := draftPrefix + f.manifest.Owner + "-"
	entries, err := f.entries()
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if e.IsDir() && strings.HasPrefix(e.Name(), prefix) {
			if err := f.root.RemoveAll(e.Name()); err != nil {
				return nil, fmt.Errorf("clean folder: %w", err)
			}
		}
	}
	path, err := os.MkdirTemp(f.dir, prefix)
	if err != nil {
		return nil, fmt.Errorf("write in folder: %w", err)
	}
	return &Draft{f, filepath.Base(path)}, nil
}

// Dir is the draft's path.
func (d *Draft) Dir() string { return filepath.Join(d.folder.dir, d.name) }

// Discard removes the draft with what was not published.
func (d *Draft) Discard() error { return d.folder.root.RemoveAll(d.name) }

// File is one file of a draft; one without a Stamp is not there, and is to be removed from the folder.
type File struct {
	Name  string
	Stamp *Stamp
}

// Publish puts the files of a draft in their places, which those that it published before give up. Before
// anything is replaced the manifest lists the new files beside the old ones, so that a process that is killed in between leaves
// none that is nobody's. A *ForeignError, before anything is replaced, when a place holds another's file.
func (f *Folder) Publish(d *Draft, files []File) error {
	for _, file := range files {
		if err := f.Check(file.Name); err != nil {
			return err
		}
	}
	for _, file := range files {
		if file.Stamp != nil {
			f.manifest.add(file.Name, *file.Stamp)
		}
	}
	if err := f.save(d); err != nil {
		return err
	}
	for _, file := range files {
		if err := f.place(d, file); err != nil {
			return fmt.Errorf("put %s in place: %w", file.Name, err)
		}
	}
	for _, file := range files {
		delete(f.manifest.Files, file.Name)
		if file.Stamp != nil {
			f.manifest.add(file.Name, *file.Stamp)
		}
	}
	return f.save(d)
}

// place puts one file in its place.
func (f *Folder) place(d *Draft, file File) error {
	there, err := f.own(file.Name)
	if err != nil {
		return err
	}
	delete(f.checked, file.Name)
	from := filepath.Join(d.name, file.Name)
	switch {
	case file.Stamp == nil && there:
		return f.root.Remove(file.Name)
	case file.Stamp == nil:
		return nil
	case !there:
		// A link does not replace what has come there in this moment, but not all file systems have them.
		err := f.root.Link(from, file.Name)
		if err == nil || errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return f.root.Rename(from, file.Name)
}

// save puts a new manifest in the place of the last. The lock is on the new one before, where it goes along.
func (f *Folder) save(d *Draft) error {
	data, err := f.manifest.encode()
	if err != nil {
		return err
	}
	name := filepath.Join(d.name, FileName)
	file, err := f.root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	if _, err = file.Write(data); err == nil {
		err = file.Sync()
	}
	if osfile.LockMoves && err == nil {
		err = osfile.TryLock(file)
	} else {
		err = errors.Join(err, file.Close())
	}
	if err == nil {
		err = f.root.Rename(name, FileName)
	}
	if err != nil {
		file.Close()
		return fmt.Errorf("write manifest: %w", err)
	}
	if osfile.LockMoves {
		f.lock.Close()
		f.lock = file
	}
	return nil
}
