package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
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
	f, err := root.OpenFile(name, flag|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	opened, err := f.Stat()
	switch {
	case err != nil:
		err = fmt.Errorf("open %s: %w", name, err)
	case !os.SameFile(there, opened) || !own(opened):
		err = ErrAlien
	case opened.Mode().Perm()&0o077 != 0 && flag != os.O_RDONLY:
		if err = f.Chmod(0o600); err != nil {
			err = fmt.Errorf("open %s: %w", name, err)
		}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// own tells whether a file is this user's, under one name only: what others can write to is not to be trusted, and
// what has another name is not to be cut.
func own(info fs.FileInfo) bool {
	s, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(s.Uid) == os.Geteuid() && s.Nlink <= 1
}

func lock(root *os.Root, f *os.File, name string) error {
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
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
