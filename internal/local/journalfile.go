package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/sunbulk/sunbulk/internal/osfile"
)

// makeFile makes the journal in dir, unless there is one, and locks it.
func makeFile(dir string) (*os.File, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	f, err := root.OpenFile(FileName, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	root.Close()
	switch {
	case err == nil:
		f.Close()
	case !errors.Is(err, fs.ErrExist):
		return nil, fmt.Errorf("open journal: %w", err)
	}
	return lockFile(dir)
}

// lockFile opens the journal in dir and locks it against other runs until it is closed.
func lockFile(dir string) (*os.File, error) { return lockNamed(dir, FileName) }

// lockNamed is lockFile for a journal under any name.
func lockNamed(dir, name string) (*os.File, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	defer root.Close()
	f, err := openOwn(root, name, os.O_RDWR)
	if err != nil {
		return nil, err
	}
	if err := lock(root, f, name); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// openFile opens the journal that is there.
func openFile(root *os.Root, flag int) (*os.File, error) { return openOwn(root, FileName, flag) }

// openOwn opens a file of ours that is there: never through a link, and only one that is this user's. It is the owner's
// alone to read from then on.
func openOwn(root *os.Root, name string, flag int) (*os.File, error) {
	there, err := root.Lstat(name)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	if !there.Mode().IsRegular() {
		return nil, ErrAlien
	}
	f, err := root.OpenFile(name, flag|osfile.NoWait, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	if err := keepOwn(f, there, flag); err != nil {
		f.Close()
		if !errors.Is(err, ErrAlien) {
			err = fmt.Errorf("open %s: %w", name, err)
		}
		return nil, err
	}
	return f, nil
}

// keepOwn returns ErrAlien when an open file is not the one that was there, or not ours; else others can read it no more.
func keepOwn(f *os.File, there fs.FileInfo, flag int) error {
	opened, err := f.Stat()
	if err != nil {
		return err
	}
	switch ours, err := osfile.Own(f); {
	case err != nil:
		return err
	case !ours || !os.SameFile(there, opened):
		return ErrAlien
	case flag != os.O_RDONLY && opened.Mode().Perm()&0o077 != 0:
		return f.Chmod(0o600)
	}
	return nil
}

func lock(root *os.Root, f *os.File, name string) error {
	if err := osfile.TryLock(f); err != nil {
		if errors.Is(err, osfile.ErrLocked) {
			return ErrLocked
		}
		return fmt.Errorf("lock journal: %w", err)
	}
	// The run that had the lock may have discarded the file meanwhile.
	opened, err := f.Stat()
	if err == nil {
		var there fs.FileInfo
		if there, err = root.Lstat(name); err == nil && os.SameFile(opened, there) {
			return nil
		}
	}
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		err = ErrLocked
	}
	return err
}
