package input

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// glob finds what filepath.Glob finds.
func TestGlob(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"a/x.csv", "a/y.csv", "b/x.csv", "b/c/x.csv", "b/[z].csv", "x.csv", "a/.hidden.csv"} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, nil, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for _, pattern := range []string{"*", "*.csv", "./*.csv", "a/*.csv", "*/x.csv", "*/*/x.csv", "?/[xy].csv", "*/*", "none/*", "x.csv/*", `b/\[z\].csv`, "b/[[]z].csv", here + "/*/y*", "*/", "a//*.csv", "../*/x.csv"} {
		want, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		got, err := glob(pattern)
		for i := range got {
			got[i] = filepath.Clean(got[i])
		}
		for i := range want {
			want[i] = filepath.Clean(want[i])
		}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", pattern, err, diff)
		}
	}
	if _, err := glob("a/[x"); !errors.Is(err, filepath.ErrBadPattern) {
		t.Errorf("got %v, want a bad pattern", err)
	}
}

// Files in a folder that cannot be read would be left out without a word: it is named. A link to itself stands for one here,
// since who runs the tests may be allowed to read everything.
func TestUnreadableFolderIsNamed(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := errors.Join(os.Mkdir("a", 0o700), os.WriteFile("a/x.csv", []byte("user\na\n"), 0o600), os.Symlink("loop", "loop")); err != nil {
		t.Fatal(err)
	}
	for _, pattern := range []string{"*/x.csv", "*/*.csv", "newest:*/*.csv", "loop/*.csv"} {
		_, err := Find(t.Context(), []string{pattern})
		e, ok := errors.AsType[*Error](err)
		if !ok || !e.Unavailable || e.Hint == "" || !errors.As(err, new(*os.PathError)) {
			t.Errorf("%s: got %v, want an *Error that names the folder", pattern, err)
		}
	}
	if files, err := Find(t.Context(), []string{"a/*.csv"}); err != nil || len(files.places) != 1 {
		t.Errorf("got %v, %v, want one file", files, err)
	}
}
