package wholefile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
}

func TestWritesWholeOrNotAtAll(t *testing.T) {
	full := errors.New("the disk is full")
	fails := func(w io.Writer) error { return errors.Join(text("half")(w), full) }
	for _, tt := range []struct {
		name   string
		before string
		do     func(string, func(io.Writer) error) error
		write  func(io.Writer) error
		want   string
		err    error
	}{
		{"a new file", "", Create, text("new"), "new", nil},
		{"a name that is taken", "old", Create, text("new"), "old", fs.ErrExist},
		{"a new file that cannot be written", "", Create, fails, "", full},
		{"another in the place of one", "old", Replace, text("new"), "new", nil},
		{"one in the place of none", "", Replace, text("new"), "new", nil},
		{"a replacement that cannot be written", "old", Replace, fails, "old", full},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, "file")
			if tt.before != "" {
				if err := os.WriteFile(file, []byte(tt.before), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := tt.do(file, tt.write); !errors.Is(err, tt.err) {
				t.Errorf("got error %v, want %v", err, tt.err)
			}
			got, err := os.ReadFile(file)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Fatal(err)
			}
			if string(got) != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if info, err := os.Stat(file); err == nil && info.Mode().Perm() != 0o600 {
				t.Errorf("got mode %o, want 600", info.Mode().Perm())
			}
			entries, err := os.ReadDir(dir)
			if err != nil || len(entries) > 1 {
				t.Errorf("got %v, %v; want nothing beside the file", entries, err)
			}
		})
	}
}
