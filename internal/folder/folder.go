// Package folder keeps a report folder for one job or run. A manifest in it names the owner and lists, with their
// hashes, the files that were written for that owner: no other file is ever replaced or removed (I11).
//
// While somebody works in the folder the manifest is locked or, on Windows, a file beside it.
package folder

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/sunbulk/sunbulk/internal/osfile"
)

// ErrBusy says that another process works in the folder.
var ErrBusy = errors.New("another sunbulk works there")

// ForeignError says that a path holds something that was not written for the owner of the folder.
type ForeignError struct{ Path, Cause string }

func (e *ForeignError) Error() string { return e.Path + " " + e.Cause }

// OwnerError says that a folder is another job's or run's.
type OwnerError struct{ Dir, Owner string }

func (e *OwnerError) Error() string { return e.Dir + " is the folder of " + e.Owner }

// Folder is open for its owner, and locked against other processes until Close. It is not for concurrent use.
type Folder struct {
	dir      string
	root     *os.Root
	lock     *os.File
	manifest manifest
	checked  map[string]fs.FileInfo // files that were found to be the folder's own, as they were then
}

// Look tells whose folder dir is, and changes nothing; owner is empty for one that is new, empty, or was never
// written to. A *ForeignError when it is none of these, or when a file called like one of names is not the owner's.
func Look(dir string, names ...string) (owner string, err error) {
	switch info, err := os.Stat(dir); {
	case errors.Is(err, fs.ErrNotExist):
		return "", refuseBroken(dir)
	case err != nil:
		return "", fmt.Errorf("look at folder: %w", err)
	case !info.IsDir():
		return "", &ForeignError{dir, "is no folder"}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return "", fmt.Errorf("open folder: %w", err)
	}
	defer root.Close()
	f := &Folder{dir: dir, root: root, checked: map[string]fs.FileInfo{}}
	owner, written, err := f.survey()
	if err != nil {
		return "", err
	}
	f.adopt(written, names)
	return owner, f.Check(names...)
}

// refuseBroken refuses a symbolic link that leads nowhere: a folder cannot be made there.
func refuseBroken(dir string) error {
	if _, err := os.Lstat(dir); err == nil {
		return &ForeignError{dir, "is a symbolic link that leads nowhere"}
	}
	return nil
}

// Open makes dir the folder of owner, and dir itself when it is missing; only the user may look in. A folder
// without a manifest is the owner's when an older release wrote its report or its journal there: those of names
// that are not younger than that report are then taken for its files. A *ForeignError or *OwnerError when the
// folder is not the owner's, ErrBusy when another process has it.
func Open(dir, owner string, names ...string) (*Folder, error) {
	if _, err := Look(dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open folder: %w", err)
	}
	f := &Folder{dir: dir, root: root, checked: map[string]fs.FileInfo{}}
	if err := f.take(owner, names); err != nil {
		f.Close()
		if errors.Is(err, ErrBusy) {
			err = fmt.Errorf("%s: %w", dir, err)
		}
		return nil, err
	}
	return f, nil
}

// take locks the folder and makes it the owner's.
func (f *Folder) take(owner string, names []string) error {
	if _, err := f.claim(owner); err != nil {
		return err
	}
	if err := f.lockManifest(); err != nil {
		return err
	}
	written, err := f.claim(owner) // again: what was seen before the lock may be another's by now
	if err != nil {
		return err
	}
	if f.manifest.Owner == owner {
		return nil
	}
	f.manifest.Owner = owner
	f.adopt(written, names)
	return f.overwrite()
}

// claim returns an error when the folder is not to be had for the owner.
func (f *Folder) claim(owner string) (written time.Time, err error) {
	before, written, err := f.survey()
	if err == nil && before != "" && before != owner {
		err = &OwnerError{f.dir, before}
	}
	return written, err
}

// lockManifest opens the file that is locked, and makes an empty one where there is none.
func (f *Folder) lockManifest() error {
	name := lockName()
	lock, err := f.root.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("open manifest: %w", err)
	}
	if err := osfile.TryLock(lock); err != nil {
		lock.Close()
		if errors.Is(err, osfile.ErrLocked) {
			return ErrBusy
		}
		return fmt.Errorf("lock manifest: %w", err)
	}
	opened, err := lock.Stat()
	if err == nil {
		var there fs.FileInfo
		if there, err = f.root.Lstat(name); err == nil && os.SameFile(opened, there) {
			f.lock = lock
			return nil
		}
	}
	lock.Close()
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		err = ErrBusy // it was replaced meanwhile, by the one who had the lock
	}
	return err
}

// lockName is the file that is locked: the manifest, whose lock goes along when a new one takes its place. Where locks do
// not do so it is a file of its own.
func lockName() string {
	if osfile.LockMoves {
		return FileName
	}
	return lockFile
}

// Dir is the folder's path, as it was given to Open.
func (f *Folder) Dir() string { return f.dir }

// Close lets others work in the folder.
func (f *Folder) Close() error {
	err := f.root.Close()
	if f.lock != nil {
		err = errors.Join(err, f.lock.Close())
	}
	return err
}

// Check returns a *ForeignError when a file of one of these names is there that was not written for the owner, or
// was changed since.
func (f *Folder) Check(names ...string) error {
	for _, name := range names {
		if _, err := f.own(name); err != nil {
			return err
		}
	}
	return nil
}

// own tells whether a file is there that is the owner's.
func (f *Folder) own(name string) (there bool, err error) {
	info, err := f.root.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("look at %s: %w", name, err)
	}
	if before := f.checked[name]; before != nil && same(before, info) {
		return true, nil
	}
	path := filepath.Join(f.dir, name)
	written := f.manifest.Files[name]
	switch {
	case !info.Mode().IsRegular():
		return false, &ForeignError{path, "is no file that sunbulk wrote"}
	case len(written) == 0:
		return false, &ForeignError{path, "was not written by sunbulk for this job"}
	}
	stamp, err := f.stamp(name)
	if err != nil {
		return false, err
	}
	for _, w := range written {
		if w == stamp {
			f.checked[name] = info
			return true, nil
		}
	}
	return false, &ForeignError{path, "was changed since sunbulk wrote it"}
}

// same tells whether a file is as it was.
func same(before, now fs.FileInfo) bool {
	return os.SameFile(before, now) && before.Size() == now.Size() && before.ModTime().Equal(now.ModTime()) && before.Mode() == now.Mode()
}

// stamp reads a file and returns what tells it from others.
func (f *Folder) stamp(name string) (Stamp, error) {
	file, err := f.root.OpenFile(name, os.O_RDONLY|osfile.NoWait, 0)
	if err != nil {
		return Stamp{}, fmt.Errorf("read %s: %w", name, err)
	}
	defer file.Close()
	w := NewStamper(io.Discard)
	if _, err := io.Copy(w, file); err != nil {
		return Stamp{}, fmt.Errorf("read %s: %w", name, err)
	}
	return w.Stamp(), nil
}

// adopt takes the files that an older release had written by then for the owner's.
func (f *Folder) adopt(written time.Time, names []string) {
	if written.IsZero() {
		return
	}
	const slack = 2 * time.Second // between the first file of a report and the last, which tells the time
	for _, name := range names {
		info, err := f.root.Lstat(name)
		if err != nil || !info.Mode().IsRegular() || info.ModTime().After(written.Add(slack)) {
			continue
		}
		if stamp, err := f.stamp(name); err == nil {
			f.manifest.add(name, stamp)
		}
	}
}
