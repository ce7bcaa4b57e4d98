package redistest

import (
	"os"
	"path/filepath"
	"testing"
)

// Copy is the data of a server as it was at a time.
type Copy struct{ dir string }

// Copy takes a copy of the server's append-only file, as it is.
func (s *Server) Copy(t testing.TB) Copy {
	t.Helper()
	c := Copy{t.TempDir()}
	if err := os.CopyFS(c.dir, os.DirFS(filepath.Join(s.dir, "appendonlydir"))); err != nil {
		t.Fatal(err)
	}
	return c
}

// PutBack gives a killed server older data, with which Restart starts it.
func (s *Server) PutBack(t testing.TB, c Copy) {
	t.Helper()
	dir := filepath.Join(s.dir, "appendonlydir")
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(dir, os.DirFS(c.dir)); err != nil {
		t.Fatal(err)
	}
}
