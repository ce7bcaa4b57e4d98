// Package wholefile writes files whole or not at all, for their owner alone.
package wholefile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Replace puts a file in the place of what has its name, if anything has.
func Replace(name string, write func(io.Writer) error) error {
	part, err := begin(name, write)
	if err != nil {
		return err
	}
	if err := os.Rename(part, name); err != nil {
		return errors.Join(err, os.Remove(part))
	}
	return nil
}

// Create makes a file. Its error is fs.ErrExist where something of that name is there.
func Create(name string, write func(io.Writer) error) error {
	part, err := begin(name, write)
	if err != nil {
		return err
	}
	if err = os.Link(part, name); err == nil || errors.Is(err, fs.ErrExist) {
		return errors.Join(err, os.Remove(part))
	}
	// This file system has no links.
	if _, err = os.Lstat(name); err == nil {
		err = fs.ErrExist
	} else {
		err = os.Rename(part, name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(part))
	}
	return nil
}

// begin writes a file beside the one of that name, and returns what it is called.
func begin(name string, write func(io.Writer) error) (part string, err error) {
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return "", err
	}
	err = write(f)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}
