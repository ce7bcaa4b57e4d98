// Package runbooks is a folder of runbooks that a server may read, and nothing outside of it.
package runbooks

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sunbulk/sunbulk/internal/runbook"
)

// Folder is one. It is opened for each reading: another folder may have taken its place.
type Folder struct{ dir string }

// File is a runbook of the folder, or why it is none.
type File struct {
	Name string // within the folder, such as cleanup.yaml
	Book *runbook.Runbook
	Err  error
}

// ErrNone says that the folder has no such runbook.
var ErrNone = errors.New("no such runbook")

// most is how many files are listed.
const most = 500

// Open returns the folder at dir, which must be there.
func Open(dir string) (*Folder, error) {
	f := &Folder{dir}
	_, err := f.names()
	return f, err
}

func (f *Folder) names() ([]string, error) {
	root, err := os.OpenRoot(f.dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if isName(e.Name()) && !e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// isName tells whether a file of the folder is a runbook by its name.
func isName(name string) bool {
	ext := filepath.Ext(name)
	return slices.Contains([]string{".yaml", ".yml", ".json"}, ext) && !strings.HasPrefix(name, ".") && filepath.IsLocal(name) && filepath.Base(name) == name
}

// List returns all runbooks by name, 500 at most.
func (f *Folder) List() ([]File, error) {
	names, err := f.names()
	if err != nil {
		return nil, fmt.Errorf("list runbooks: %w", err)
	}
	all := []File{}
	for _, name := range names[:min(most, len(names))] {
		file, err := f.Get(name)
		if errors.Is(err, ErrNone) {
			continue // it is no file, or was removed meanwhile
		}
		file.Err = err
		all = append(all, file)
	}
	return all, nil
}

// Get reads one. Its error is ErrNone, or an *runbook.Error.
func (f *Folder) Get(name string) (File, error) {
	file := File{Name: name}
	if !isName(name) {
		return file, ErrNone
	}
	root, err := os.OpenRoot(f.dir)
	if err != nil {
		return file, fmt.Errorf("read runbook: %w", err)
	}
	defer root.Close()
	if info, err := root.Stat(name); err != nil || !info.Mode().IsRegular() { // before it is opened: a pipe would wait
		return file, ErrNone
	}
	r, err := root.Open(name)
	if err != nil {
		return file, ErrNone
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, runbook.MaxFile+1))
	if err != nil {
		return file, fmt.Errorf("read runbook: %w", err)
	}
	file.Book, err = runbook.Parse(name, data)
	return file, err
}
