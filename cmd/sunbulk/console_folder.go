package main

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/sunbulk/sunbulk/internal/osfile"
)

// The folder of a console is locked while the console lives, by a file in it. A killed one leaves its folder, with reports that name
// people; the next console of the same user removes it.
const (
	consoleFolders = "sunbulk-console-"
	folderLock     = "lock"
)

// consoleFolder makes a folder in TMPDIR, and removes those of consoles that were killed.
func consoleFolder() (dir string, remove func(), err error) {
	old, _ := filepath.Glob(filepath.Join(os.TempDir(), consoleFolders+"*")) // its pattern is sound
	for _, name := range old {
		removeAbandoned(name)
	}
	const attempts = 3 // another console may take a new folder for an abandoned one before it is locked
	for range attempts {
		if dir, err = os.MkdirTemp("", consoleFolders); err != nil {
			return "", nil, err
		}
		var lock *os.File
		if lock, err = lockFolder(dir, os.O_CREATE|os.O_EXCL); err == nil {
			return dir, func() { os.RemoveAll(dir); lock.Close() }, nil
		}
	}
	return "", nil, err
}

// removeAbandoned removes a folder that no console has locked. One without a lock file, or of somebody else, stays.
func removeAbandoned(dir string) {
	info, err := os.Lstat(dir)
	if err != nil || !info.IsDir() {
		return
	}
	if !osfile.OwnFolder(dir) {
		return
	}
	lock, err := lockFolder(dir, 0)
	if err != nil {
		return
	}
	defer lock.Close()
	_ = os.RemoveAll(dir) // the next one tries again
}

// lockFolder locks a folder until the file is closed, or the process ends.
func lockFolder(dir string, how int) (*os.File, error) {
	name := filepath.Join(dir, folderLock)
	root, err := os.OpenRoot(dir) // so that the file can be removed while it is open, on Windows too
	if err != nil {
		return nil, err
	}
	lock, err := root.OpenFile(folderLock, os.O_RDWR|how, 0o600)
	root.Close()
	if err != nil {
		return nil, err
	}
	err = osfile.TryLock(lock)
	if err == nil {
		opened, openErr := lock.Stat()
		there, thereErr := os.Lstat(name)
		if err = errors.Join(openErr, thereErr); err == nil && os.SameFile(opened, there) {
			return lock, nil
		}
		err = errors.Join(err, errors.New("the folder was removed meanwhile"))
	}
	lock.Close()
	return nil, err
}
