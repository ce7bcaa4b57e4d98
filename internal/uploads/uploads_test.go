package uploads_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/sunbulk/sunbulk/internal/uploads"
)

func open(t *testing.T, cfg uploads.Config) (s *uploads.Store, dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "uploads")
	s, err := uploads.Open(dir, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s, dir
}

func TestPut(t *testing.T) {
	t.Parallel()
	s, dir := open(t, uploads.Config{})
	u, err := s.Put("../../etc/passwd", "ann", strings.NewReader("user\na\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Get(u.ID); err != nil || got != u {
		t.Errorf("got %+v, %v, want %+v", got, err, u)
	}
	if data, err := os.ReadFile(s.Path(u.ID)); err != nil || string(data) != "user\na\n" || u.Bytes != 7 {
		t.Errorf("got %q, %v", data, err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 2 {
		t.Errorf("got %v, %v", entries, err)
	}
	for _, id := range []string{"", "../" + u.ID, strings.Repeat("a", 26), u.ID + ".data"} {
		if _, err := s.Get(id); !errors.Is(err, uploads.ErrNone) {
			t.Errorf("%q: got %v", id, err)
		}
	}
}

// What is not whole, too large or too much leaves nothing behind.
func TestPutNothingHalf(t *testing.T) {
	t.Parallel()
	s, dir := open(t, uploads.Config{MaxBytes: 10, MaxTotal: 25})
	broken := errors.New("connection lost")
	for want, r := range map[error]io.Reader{
		uploads.ErrTooLarge: strings.NewReader(strings.Repeat("x", 11)),
		broken:              io.MultiReader(strings.NewReader("user\n"), iotest.ErrReader(broken)),
	} {
		if _, err := s.Put("a", "ann", r); !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("got %v, %v", entries, err)
	}
	for want := range 2 {
		if _, err := s.Put("a", "ann", strings.NewReader(strings.Repeat("x", 10))); err != nil {
			t.Fatalf("file %d: %v", want, err)
		}
	}
	if _, err := s.Put("a", "ann", strings.NewReader("")); !errors.Is(err, uploads.ErrFull) {
		t.Errorf("got %v, want ErrFull", err)
	}
}

// What a killed process left goes, as old uploads do, and nothing else in the folder.
func TestSweep(t *testing.T) {
	t.Parallel()
	s, dir := open(t, uploads.Config{Keep: 24 * time.Hour})
	u, err := s.Put("a", "ann", strings.NewReader("user\n"))
	if err != nil {
		t.Fatal(err)
	}
	headless := strings.Repeat("b", 26) + ".data"
	for _, name := range []string{"part-1", headless, "notes.json", "mine.data"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		after time.Duration
		want  string
	}{{time.Minute, u.ID + ".data " + u.ID + ".json " + headless + " mine.data notes.json part-1"}, {7 * time.Hour, u.ID + ".data " + u.ID + ".json mine.data notes.json"}, {25 * time.Hour, "mine.data notes.json"}} {
		if _, err := s.Sweep(time.Now().Add(tt.after)); err != nil {
			t.Fatal(err)
		}
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, e := range entries {
			names = append(names, e.Name())
		}
		if got, want := sorted(names), sorted(strings.Fields(tt.want)); got != want {
			t.Errorf("after %s: got %s, want %s", tt.after, got, want)
		}
	}
}

func TestOpenRefusesAFolderOfOthers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := uploads.Open(dir, uploads.Config{}); err == nil {
		t.Error("a folder that others may read is taken")
	}
}

func sorted(names []string) string { return strings.Join(slices.Sorted(slices.Values(names)), " ") }
