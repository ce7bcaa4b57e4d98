package runbooks_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sunbulk/sunbulk/internal/runbook"
	"github.com/sunbulk/sunbulk/internal/runbooks"
)

const book = "name: clean\nsteps: [{op: list}]\n"

// TestFolder: only files of the folder that are runbooks by their names are read, also by links, and no more of them than a runbook may have.
func TestFolder(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	dir := filepath.Join(top, "books")
	for name, text := range map[string]string{"books/clean.yaml": book, "books/bad.yml": "name: [", "books/note.txt": book, "books/.hidden.yaml": book, "secret.yaml": book, "books/below/deep.yaml": book, "books/huge.yaml": "description: " + strings.Repeat("x", runbook.MaxFile)} {
		path := filepath.Join(top, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Symlink("../secret.yaml", filepath.Join(dir, "outside.yaml")), os.Symlink("clean.yaml", filepath.Join(dir, "inside.yaml")), os.Mkdir(filepath.Join(dir, "folder.yaml"), 0o700)); err != nil {
		t.Skip("no links:", err)
	}
	f, err := runbooks.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	all, err := f.List()
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, file := range all {
		got += file.Name
		if file.Err != nil {
			got += "!"
		}
		got += " "
	}
	if want := "bad.yml! clean.yaml huge.yaml! inside.yaml "; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, name := range []string{"", ".", "..", "../secret.yaml", "outside.yaml", "below/deep.yaml", "note.txt", ".hidden.yaml", "folder.yaml", "none.yaml", "/etc/x.yaml", "a\x00.yaml", `..\secret.yaml`} {
		if _, err := f.Get(name); !errors.Is(err, runbooks.ErrNone) {
			t.Errorf("%q: got %v", name, err)
		}
	}
	if _, err := runbooks.Open(filepath.Join(top, "none")); err == nil {
		t.Error("a folder that is not there is opened")
	}
}
