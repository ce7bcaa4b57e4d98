package embedded

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

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
	want.Version, want.Mark = version, mark(job, "")
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
		{"files", func(h *Head) { h.Inputs = h.Inputs[:1] }, []string{"there are 1 inputs, and were 2"}},
		{"batches", func(h *Head) { h.Options.BatchSize = 5 }, []string{`--batch is "5" and was "4"`}},
		{"what may come twice", func(h *Head) { h.Options.Resend = jobs.ResendAlways }, []string{`--resend is "always" and was not given`}},
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

// A run that ended within Create has called nothing: another one can begin in its place.
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
