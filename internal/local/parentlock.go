package local

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// lockParents keeps others from beginning a run whose folder is near out until release: of two of the same work that are started in the
// same instant, the second must find the first. It does without where folders cannot be locked, as on some networks.
func lockParents(out string) (release func()) {
	var folders []string
	for _, folder := range parents(out) {
		path, err := filepath.Abs(folder)
		if err == nil {
			path, err = filepath.EvalSymlinks(path)
		}
		if err == nil {
			folders = append(folders, path)
		}
	}
	slices.Sort(folders) // so that nobody has one that somebody waits for who has the other
	var locked []*os.File
	for _, folder := range slices.Compact(folders) {
		if f := lockFolder(folder); f != nil {
			locked = append(locked, f)
		}
	}
	return func() {
		for _, f := range locked {
			f.Close()
		}
	}
}

// lockFolder returns the folder, locked until it is closed; nil when it cannot be, or is not to be had for long.
func lockFolder(folder string) *os.File {
	const tries, pause = 100, 50 * time.Millisecond
	f, err := os.Open(folder)
	if err != nil {
		return nil
	}
	for range tries {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return f
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			break
		}
		time.Sleep(pause)
	}
	f.Close()
	return nil
}
