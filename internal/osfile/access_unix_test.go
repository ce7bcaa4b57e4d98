//go:build unix

package osfile

import (
	"io/fs"
	"path/filepath"
	"testing"
)

func TestWhatOthersMayDo(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	f := open(t, name)
	for mode, want := range map[fs.FileMode]Access{
		0o600: {Who: "mode 0600"},
		0o640: {Read: true, Who: "mode 0640"},
		0o622: {Read: true, Change: true, Who: "mode 0622"},
	} {
		if err := f.Chmod(mode); err != nil {
			t.Fatal(err)
		}
		if got, err := Others(f); got != want || err != nil {
			t.Errorf("%o: got %+v, %v; want %+v", mode, got, err, want)
		}
		if got, err := OthersOf(name); got != want || err != nil {
			t.Errorf("%o by name: got %+v, %v; want %+v", mode, got, err, want)
		}
	}
}
