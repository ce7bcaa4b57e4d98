package input

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/sunbulk/sunbulk/internal/osfile"
)

// rel returns a name as it is called in the folder. It looks at nothing: what lies outside stays unknown.
func (f *folder) rel(name string) (string, bool) {
	abs, err := filepath.Abs(name)
	if err != nil || strings.ContainsRune(name, 0) {
		return "", false
	}
	for _, dir := range []string{f.dir, f.real} {
		if rel, err := filepath.Rel(dir, abs); err == nil && filepath.IsLocal(rel) && rel != "." {
			return rel, true
		}
	}
	return "", false
}

func (f *folder) exists(rel string) bool {
	root, err := os.OpenRoot(f.dir)
	if err != nil {
		return false
	}
	defer root.Close()
	_, err = root.Lstat(rel)
	return err == nil
}

func (f *folder) place(name, rel string) *place {
	return &place{name: name, open: func() (*os.File, error) { return f.open(name, rel) }}
}

// open opens a file in the folder: not one to which a link leads out of it, none that is no plain file, and none that
// is never read.
func (f *folder) open(name, rel string) (*os.File, error) {
	root, err := os.OpenRoot(f.dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	file, err := patient{root}.openFile(rel)
	if err != nil {
		return nil, f.wrong(name, err)
	}
	if err := f.check(name, file); err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// wrong says why a file cannot be opened.
func (f *folder) wrong(name string, err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return &fs.PathError{Op: "open", Path: name, Err: errors.Unwrap(err)}
	}
	return &Error{File: name, Cause: "cannot be opened within --inputs " + f.given + ": a link may lead out of it", Err: errors.Unwrap(err), Hint: "let --inputs name the folder in which the file lies"}
}

func (f *folder) check(name string, file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if info.IsDir() {
		return &Error{File: name, Cause: "is a directory", Hint: "name the files in it"}
	}
	if !info.Mode().IsRegular() || isKernels(file) {
		return &Error{File: name, Cause: "is no plain file, and a worker reads no other"}
	}
	for _, secret := range f.never {
		if kept, err := os.Stat(secret); err == nil && os.SameFile(kept, info) {
			return &Error{File: name, Cause: "holds credentials, and is no input"}
		}
	}
	return nil
}

// patient is a root in which no pipe keeps those waiting who look whether it is a folder.
type patient struct{ root *os.Root }

// Open opens a file.
func (p patient) Open(name string) (fs.File, error) { return p.openFile(name) }

// Stat follows links within the root.
func (p patient) Stat(name string) (fs.FileInfo, error) { return p.root.Stat(name) }

// ReadDir returns what a folder holds.
func (p patient) ReadDir(name string) ([]fs.DirEntry, error) {
	f, err := p.openFile(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.ReadDir(-1)
}

func (p patient) openFile(name string) (*os.File, error) {
	return p.root.OpenFile(name, os.O_RDONLY|osfile.NoWait, 0)
}

// match returns the files of the folder that match a pattern.
func (f *folder) match(pattern, rel string, newest bool) ([]*place, error) {
	root, err := os.OpenRoot(f.dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	names, err := fs.Glob(patient{root}, filepath.ToSlash(rel))
	if err != nil {
		return nil, badPattern(pattern)
	}
	before := strings.TrimSuffix(pattern, rel) // of the folder, as the pattern spells it
	var all []found
	for _, name := range names {
		info, err := root.Stat(name)
		if err != nil || !info.Mode().IsRegular() {
			continue // such as a link that leads out
		}
		shown := filepath.Join(f.dir, name)
		if before+rel == pattern {
			shown = before + name
		}
		all = append(all, found{f.place(shown, name), info.ModTime()})
	}
	return choose(pattern, all, newest)
}
