package input

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// glob returns what matches a pattern, as filepath.Glob does, but for folders that cannot be read: those are an error, since
// the files in them would be left out without a word.
func glob(pattern string) ([]string, error) {
	if _, err := filepath.Match(pattern, ""); err != nil {
		return nil, err
	}
	signs := patternSigns
	if filepath.Separator != '\\' {
		signs += `\` // which escapes
	}
	if !strings.ContainsAny(pattern, signs) {
		if _, err := os.Lstat(pattern); err != nil {
			return nil, unlessMissing(err)
		}
		return []string{pattern}, nil
	}
	dir, last := filepath.Split(pattern)
	folders := []string{filepath.Clean(dir)}
	if trimmed := strings.TrimRight(dir, string(filepath.Separator)); trimmed != "" && trimmed != pattern && strings.ContainsAny(trimmed, signs) {
		var err error
		if folders, err = glob(trimmed); err != nil {
			return nil, err
		}
	}
	var names []string
	for _, folder := range folders {
		entries, err := os.ReadDir(folder)
		if err != nil {
			if err = unlessMissing(err); err != nil {
				return nil, err
			}
		}
		for _, e := range entries {
			if ok, err := filepath.Match(last, e.Name()); err != nil {
				return nil, err
			} else if ok {
				names = append(names, filepath.Join(folder, e.Name()))
			}
		}
	}
	return names, nil
}

// unlessMissing drops the error of what is not there, or is no folder.
func unlessMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil
	}
	return err
}
