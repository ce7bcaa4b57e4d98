//go:build unix

package credentials

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const one = `{"apps": {"a": {"keyId": "app_1", "keySecret": "VERY-SECRET"}}}`

// write makes a file with a mode, whatever the umask.
func write(t *testing.T, content string, mode os.FileMode) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "apps.json")
	if err := errors.Join(os.WriteFile(name, []byte(content), 0o600), os.Chmod(name, mode)); err != nil {
		t.Fatal(err)
	}
	return name
}

func fifo(t *testing.T, mode os.FileMode) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "pipe")
	if err := errors.Join(syscall.Mkfifo(name, 0o600), os.Chmod(name, mode)); err != nil {
		t.Fatal(err)
	}
	return name
}

// Only what nobody else can read or have written is taken (I7).
func TestFilesOfOthersAreRefused(t *testing.T) {
	mine := write(t, one, 0o600)
	link := filepath.Join(t.TempDir(), "link")
	loose := filepath.Join(t.TempDir(), "loose")
	if err := errors.Join(os.Symlink(mine, link), os.Symlink(write(t, one, 0o640), loose)); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ what, name, want string }{
		{"its owner's alone", mine, ""},
		{"read-only", write(t, one, 0o400), ""},
		{"a link to one", link, ""},
		{"a link to one of others", loose, "others can read"},
		{"of the group", write(t, one, 0o640), "others can read"},
		{"written by the group", write(t, one, 0o620), "others can change"},
		{"written by all", write(t, one, 0o602), "others can change"},
		{"executed by all", write(t, one, 0o601), "others can read"},
		{"a folder", t.TempDir(), "is a folder"},
		{"a device", "/dev/zero", "is neither a file nor a pipe"},
		{"too large", write(t, strings.Repeat(" ", maxFile)+one, 0o600), "is larger than 1 MiB"},
		{"not there", filepath.Join(t.TempDir(), "none"), "no such file"},
	} {
		t.Run(test.what, func(t *testing.T) {
			apps, err := ReadFile(t.Context(), test.name)
			if test.want == "" {
				if err != nil || apps["a"].KeySecret != "VERY-SECRET" {
					t.Errorf("got %d apps and %v, want them", len(apps), err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "VERY-SECRET") {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestAFileOfAnotherUserIsRefused(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file away")
	}
	for _, make := range []func(*testing.T) string{
		func(t *testing.T) string { return write(t, one, 0o600) },
		func(t *testing.T) string {
			name := fifo(t, 0o600)
			go func() { _ = os.WriteFile(name, []byte(one), 0) }()
			return name
		},
	} {
		name := make(t)
		if err := os.Chown(name, 4321, 4321); err != nil {
			t.Fatal(err)
		}
		_, err := ReadFile(t.Context(), name)
		if e, ok := errors.AsType[*Error](err); !ok || !strings.Contains(e.Cause, "another user (uid 4321)") {
			t.Errorf("got %v", err)
		}
	}
}

func TestPipes(t *testing.T) {
	t.Run("of its owner", func(t *testing.T) {
		name := fifo(t, 0o600)
		go func() { _ = os.WriteFile(name, []byte(one), 0) }()
		apps, err := ReadFile(t.Context(), name)
		want := map[string]Credentials{"a": {KeyID: "app_1", KeySecret: "VERY-SECRET", File: name}}
		if diff := cmp.Diff(want, apps); diff != "" || err != nil {
			t.Error(err, diff)
		}
	})
	t.Run("of all", func(t *testing.T) {
		for _, mode := range []os.FileMode{0o666, 0o622, 0o644} {
			name := fifo(t, mode)
			go func() { _ = os.WriteFile(name, []byte(one), 0) }()
			if _, err := ReadFile(t.Context(), name); err == nil || !strings.Contains(err.Error(), "others can") {
				t.Errorf("%o: got %v", mode, err)
			}
		}
	})
	t.Run("of a shell", func(t *testing.T) {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		go func() { _, _ = w.WriteString(one); w.Close() }()
		name := "/dev/fd/" + strconv.Itoa(int(r.Fd()))
		if apps, err := ReadFile(t.Context(), name); err != nil || len(apps) != 1 {
			t.Errorf("got %d apps, %v", len(apps), err)
		}
	})
	t.Run("endless", func(t *testing.T) {
		name := fifo(t, 0o600)
		go func() { _ = os.WriteFile(name, make([]byte, 3*maxFile), 0) }()
		if _, err := ReadFile(t.Context(), name); err == nil || !strings.Contains(err.Error(), "larger than") {
			t.Errorf("got %v", err)
		}
	})
}

// A pipe to which nobody writes, or whose writer says nothing, keeps nobody.
func TestAPipeWithoutAWriterCanBeInterrupted(t *testing.T) {
	silent := fifo(t, 0o600)
	go func() {
		w, err := os.OpenFile(silent, os.O_WRONLY, 0)
		if err == nil {
			<-t.Context().Done()
			w.Close()
		}
	}()
	for _, name := range []string{fifo(t, 0o600), silent} {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() {
			_, err := ReadFile(ctx, name)
			done <- err
		}()
		cancel()
		if err := <-done; !IsInterrupted(ctx, err) {
			t.Errorf("got %v", err)
		}
	}
}
