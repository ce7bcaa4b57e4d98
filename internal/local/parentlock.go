package local

import (
	"errors"
	"path/filepath"
	"slices"
	"time"

	"github.com/sunbulk/sunbulk/internal/osfile"
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
	var locked []func()
	for _, folder := range slices.Compact(folders) {
		if unlock := lockFolder(folder); unlock != nil {
			locked = append(locked, unlock)
		}
	}
	return func() {
		for _, unlock := range locked {
			unlock()
		}
	}
}

// lockFolder locks a folder until unlock; unlock is nil when it cannot be locked, or another has it for long.
func lockFolder(folder string) (unlock func()) {
	const tries, pause = 100, 50 * time.Millisecond
	for range tries {
		unlock, err := osfile.LockFolder(folder)
		if err == nil {
			return unlock
		}
		if !errors.Is(err, osfile.ErrLocked) {
			break
		}
		time.Sleep(pause)
	}
	return nil
}
