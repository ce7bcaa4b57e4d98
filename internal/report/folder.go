package report

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// folder is a report folder whose next files are written in a folder inside it, and put in place
// together.
type folder struct {
	dir, temp string
	lock      *os.File // on temp: a folder that nobody has locked is left of a report that was killed
	outputs   []*output
}

// tempPrefix begins the names of the folders inside.
const tempPrefix = ".report-"

// openFolder makes dir when it is missing. Only the user may look in: the files name people.
func openFolder(dir string) (*folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make report folder: %w", err)
	}
	if err := removeLeft(dir); err != nil {
		return nil, fmt.Errorf("clean report folder: %w", err)
	}
	temp, err := os.MkdirTemp(dir, tempPrefix)
	if err != nil {
		return nil, fmt.Errorf("write in report folder: %w", err)
	}
	lock, err := lockFolder(temp)
	if err != nil {
		return nil, fmt.Errorf("lock in report folder: %w", err)
	}
	return &folder{dir: dir, temp: temp, lock: lock}, nil
}

// removeLeft removes what killed reports left in dir: it names people.
func removeLeft(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.IsDir() || !strings.HasPrefix(e.Name(), tempPrefix) {
			continue
		}
		path := filepath.Join(dir, e.Name())
		lock, err := lockFolder(path)
		if err != nil {
			continue // a report is being written there, or has just ended
		}
		err = os.RemoveAll(path)
		lock.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// lockFolder locks a folder until it is closed or the process ends.
func lockFolder(path string) (*os.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// discard removes what was not published. It is for defer: after publish little is left to remove.
func (f *folder) discard() {
	for _, o := range f.outputs {
		if o.file != nil {
			o.file.Close()
		}
	}
	os.RemoveAll(f.temp)
	f.lock.Close()
}

// output adds a file to the folder. It exists only if something is written.
func (f *folder) output(name string) *output {
	o := &output{folder: f, name: name}
	o.buf = bufio.NewWriterSize(o, 1<<16)
	f.outputs = append(f.outputs, o)
	return o
}

// publish renames the files into place in the order in which they were added, once all are safe on
// disk, and removes those of an earlier report that were not written this time.
func (f *folder) publish() error {
	for _, o := range f.outputs {
		if err := o.finish(); err != nil {
			return fmt.Errorf("write %s: %w", o.name, err)
		}
	}
	for _, o := range f.outputs {
		if err := o.place(); err != nil {
			return fmt.Errorf("put %s in place: %w", o.name, err)
		}
	}
	return nil
}

// output is one file of a report, written beside its place through buf.
type output struct {
	folder *folder
	name   string
	buf    *bufio.Writer
	file   *os.File // nil before anything is written
}

// Write is what buf flushes to.
func (o *output) Write(p []byte) (int, error) {
	if o.file == nil {
		file, err := os.OpenFile(filepath.Join(o.folder.temp, o.name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return 0, err
		}
		o.file = file
	}
	return o.file.Write(p)
}

// finish brings all that was written to the disk.
func (o *output) finish() error {
	if err := o.buf.Flush(); err != nil || o.file == nil {
		return err
	}
	return errors.Join(o.file.Sync(), o.file.Close())
}

func (o *output) place() error {
	place := filepath.Join(o.folder.dir, o.name)
	if o.file != nil {
		return os.Rename(filepath.Join(o.folder.temp, o.name), place)
	}
	if err := os.Remove(place); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
