//go:build unix

package local

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/jobs"
)

func TestCreateMakesAPrivateFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	l := newRun(t, dir)
	for path, want := range map[string]os.FileMode{dir: 0o700, l.file.Name(): 0o600} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s: got mode %o, want %o", filepath.Base(path), got, want)
		}
	}
	got, there, err := Peek(dir)
	want := head()
	want.Version, want.Mark, want.Rules = version, mark(job, ""), input.Rules
	if diff := cmp.Diff(want, got); diff != "" || !there || err != nil {
		t.Errorf("peek: there %t, error %v, head (-want +got):\n%s", there, err, diff)
	}
}

func TestAFolderHasOneRunAtATime(t *testing.T) {
	dir := t.TempDir()
	l := newRun(t, dir)
	codec := newCodec(t)
	if _, err := Create(dir, head(), newMemory(t, codec), codec); !errors.Is(err, ErrLocked) {
		t.Errorf("create beside a run: got %v, want ErrLocked", err)
	}
	if _, _, err := Resume(t.Context(), dir, head(), newMemory(t, codec), codec); !errors.Is(err, ErrLocked) {
		t.Errorf("resume beside a run: got %v, want ErrLocked", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(dir, head(), newMemory(t, codec), codec); !errors.Is(err, ErrExists) {
		t.Errorf("create over a journal: got %v, want ErrExists", err)
	}
	resumed, got, err := Resume(t.Context(), dir, head(), newMemory(t, codec), codec)
	if err != nil || got.Job != job {
		t.Fatalf("resume: job %s, %v", got.Job, err)
	}
	if err := resumed.Discard(); err != nil {
		t.Fatal(err)
	}
	if _, there, err := Peek(dir); there || err != nil {
		t.Errorf("peek after discard: there %t, error %v, want neither", there, err)
	}
	if _, _, err := Resume(t.Context(), dir, head(), newMemory(t, codec), codec); !errors.Is(err, ErrNone) {
		t.Errorf("resume after discard: got %v, want ErrNone", err)
	}
	again, err := Create(dir, head(), newMemory(t, codec), codec)
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
}

func TestAChangedRunIsRefused(t *testing.T) {
	dir := t.TempDir()
	if err := newRun(t, dir).Close(); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		change func(*Head)
		want   []string
	}{
		{"nothing", func(*Head) {}, nil},
		{"job and time", func(h *Head) { h.Job, h.Created = "20270101-000000-aaaa", start.AddDate(1, 0, 0) }, nil},
		{"name of a file", func(h *Head) { h.Inputs[0].Name = "c.csv" }, nil},
		{"options", func(h *Head) { h.Options.Rate, h.Options.MaxFailures.Percent = 20, 30 }, nil},
		{"content of a file", func(h *Head) { h.Inputs[1].SHA256 = "cc" }, []string{"input 2 is another"}},
		{"size of a file", func(h *Head) { h.Inputs[0].Size = 11 }, []string{"input 1 is another"}},
		{"version of an object", func(h *Head) { h.Inputs[1].Version = `etag "2"` }, []string{"input 2 is another"}},
		{"files", func(h *Head) { h.Inputs = h.Inputs[:1] }, []string{"1 input given, and 2 before"}},
		{"batches", func(h *Head) { h.Options.BatchSize = 5 }, []string{`--batch is "5" and was "4"`}},
		{"what may come twice", func(h *Head) { h.Options.Resend = jobs.ResendAlways }, []string{`--resend is "always" and was "silent"`}},
		{"settings", func(h *Head) {
			h.Settings = map[string]string{"op": "list", "set": "a=b\nc=x", "map": "m=a\nn=b"}
		}, []string{`--map m is "a" and was "b"`, `--map n is "b" and was "a"`, `--op is "list" and was "remove"`, `--set a is "b" and was not given`, `--set c is "x" and was "y"`}},
		{"order of settings", func(h *Head) { h.Settings["map"] = "n=a\nm=b" }, []string{"--map stands in another order"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := head()
			test.change(&h)
			codec := newCodec(t)
			l, _, err := Resume(t.Context(), dir, h, newMemory(t, codec), codec)
			if err == nil {
				l.Close()
			}
			var got []string
			if changed, ok := errors.AsType[*ChangedError](err); ok {
				got = changed.Changed
			} else if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("what changed (-want +got):\n%s", diff)
			}
		})
	}
}

// A run that ended within Create has called nothing: another can begin in its place.
func TestAHeadThatIsNotWholeIsNoJournal(t *testing.T) {
	line, err := encodeLine(head())
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 1, len(line) - 1} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, FileName), line[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		if _, there, err := Peek(dir); there || err != nil {
			t.Errorf("peek at %d bytes: there %t, error %v, want neither", n, there, err)
		}
		codec := newCodec(t)
		if _, _, err := Resume(t.Context(), dir, head(), newMemory(t, codec), codec); !errors.Is(err, ErrNone) {
			t.Errorf("resume from %d bytes: got %v, want ErrNone", n, err)
		}
		newRun(t, dir)
		if _, there, err := Peek(dir); !there || err != nil {
			t.Errorf("peek after create over %d bytes: there %t, error %v", n, there, err)
		}
	}
	if _, there, err := Peek(filepath.Join(t.TempDir(), "missing")); there || err != nil {
		t.Errorf("peek at a missing folder: there %t, error %v, want neither", there, err)
	}
}

// A journal is made under its own name or not at all: what others left there is neither cut nor trusted.
func TestCreateTouchesNothingOfOthers(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, prepare := range map[string]func(path string) error{
		"a link to a file":  func(path string) error { return os.Symlink(outside, path) },
		"a link to nothing": func(path string) error { return os.Symlink(outside+"2", path) },
		"a second name":     func(path string) error { return os.Link(outside, path) },
		"another file":      func(path string) error { return os.WriteFile(path, []byte("mine"), 0o600) },
		"another JSON":      func(path string) error { return os.WriteFile(path, []byte(`{"user":"u1"}`), 0o600) },
		"a pipe":            func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"a folder":          func(path string) error { return os.Mkdir(path, 0o700) },
		"a head that is a link": func(path string) error {
			torn := filepath.Join(filepath.Dir(path), "torn")
			return errors.Join(os.WriteFile(torn, []byte(headStart), 0o600), os.Symlink(torn, path))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, FileName)
			if err := prepare(path); err != nil {
				t.Fatal(err)
			}
			before, _ := os.Lstat(path)
			codec := newCodec(t)
			_, err := Create(dir, head(), newMemory(t, codec), codec)
			if !errors.Is(err, ErrAlien) {
				t.Errorf("got error %v, want %v", err, ErrAlien)
			}
			if _, _, err := Resume(t.Context(), dir, head(), newMemory(t, codec), codec); !errors.Is(err, ErrAlien) && !errors.Is(err, ErrNone) && !errors.As(err, new(*LineError)) {
				t.Errorf("resume: got error %v", err)
			}
			after, err := os.Lstat(path)
			if err != nil || !os.SameFile(before, after) || before.Size() != after.Size() {
				t.Errorf("it was replaced: %v", err)
			}
			if data, err := os.ReadFile(outside); string(data) != "mine" || err != nil {
				t.Errorf("outside: got %q, error %v", data, err)
			}
			if _, err := os.Lstat(outside + "2"); err == nil {
				t.Error("a file was made where the link leads")
			}
		})
	}
}

// A journal that others may read, as one that was copied, is the owner's alone once a run continues it.
func TestResumeMakesTheJournalPrivate(t *testing.T) {
	dir := t.TempDir()
	newRun(t, dir).Close()
	path := filepath.Join(dir, FileName)
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	codec := newCodec(t)
	l, _, err := Resume(t.Context(), dir, head(), newMemory(t, codec), codec)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got mode %v, error %v, want 0600", info.Mode(), err)
	}
}

// What has taken the journal's place is not removed with it.
func TestDiscardRemovesTheJournalAlone(t *testing.T) {
	dir := t.TempDir()
	l := newRun(t, dir)
	path := filepath.Join(dir, FileName)
	if err := errors.Join(os.Remove(path), os.WriteFile(path, []byte("mine"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := l.Discard(); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(path); string(data) != "mine" || err != nil {
		t.Errorf("got %q, error %v", data, err)
	}
}
