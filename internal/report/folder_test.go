package report

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/internal/folder"
	"github.com/sunbulk/sunbulk/jobs"
)

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// failedOnce is a job with a failed row, whose report holds failed.csv.
func failedOnce(kind jobs.Kind) (jobs.Job, memorySource) {
	src := memorySource{chunks: []jobs.Chunk{{Outcomes: []jobs.Outcome{outcomeOf(createRow(1), kind)}}}}
	return testJob(jobs.Finished, src.tallyOf(1)), src
}

// I11: what a report did not write stays, whatever its name, and nothing is written beside it.
func TestReportsTouchNoForeignFile(t *testing.T) {
	job, src := failedOnce(jobs.Failed)
	outside := filepath.Join(t.TempDir(), "outside.csv")
	put(t, outside, "user\nann\n")
	before := func(t *testing.T, dir string) {
		if _, err := writeTo(t.Context(), dir, job, src); err != nil {
			t.Fatal(err)
		}
	}
	for name, prepare := range map[string]func(t *testing.T, dir string){
		"an input alone":      func(t *testing.T, dir string) { put(t, filepath.Join(dir, "clients.csv"), "mine") },
		"a note alone":        func(t *testing.T, dir string) { put(t, filepath.Join(dir, "todo.txt"), "mine") },
		"a summary of no job": func(t *testing.T, dir string) { put(t, filepath.Join(dir, "summary.json"), `{"total": 3}`) },
		"a summary of another job": func(t *testing.T, dir string) {
			put(t, filepath.Join(dir, "summary.json"), `{"job":"20260101-000000-aaaa"}`)
		},
		"a manifest of somebody":    func(t *testing.T, dir string) { put(t, filepath.Join(dir, folder.FileName), "mine") },
		"a manifest to come":        func(t *testing.T, dir string) { put(t, filepath.Join(dir, folder.FileName), `{"version":2}`) },
		"a link to another file":    func(t *testing.T, dir string) { _ = os.Symlink(outside, filepath.Join(dir, "results.csv")) },
		"a second name of a file":   func(t *testing.T, dir string) { _ = os.Link(outside, filepath.Join(dir, "failed.csv")) },
		"a manifest that is a link": func(t *testing.T, dir string) { _ = os.Symlink(outside, filepath.Join(dir, folder.FileName)) },
		"a file that was mended":    func(t *testing.T, dir string) { before(t, dir); put(t, filepath.Join(dir, "failed.csv"), "mended") },
		"a file in an own folder":   func(t *testing.T, dir string) { before(t, dir); put(t, filepath.Join(dir, "clients.csv"), "mine") },
		"a link in an own folder": func(t *testing.T, dir string) {
			before(t, dir)
			_ = os.Symlink(outside, filepath.Join(dir, "rejected.csv"))
		},
		"a folder in a file's place": func(t *testing.T, dir string) {
			before(t, dir)
			_ = os.MkdirAll(filepath.Join(dir, "verify.csv", "x"), 0o700)
		},
		"the report of another run": func(t *testing.T, dir string) {
			if _, err := runTo(t.Context(), dir, RunSummary{Run: "20260101-000000-aaaa", Rows: 0}, endsOf(nil)); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			prepare(t, dir)
			want := snapshot(t, dir)
			_, err := writeTo(t.Context(), dir, job, src)
			foreign, other := &folder.ForeignError{}, &folder.OwnerError{}
			if !errors.As(err, &foreign) && !errors.As(err, &other) {
				t.Errorf("got error %v, want one that names what is in the way", err)
			}
			if diff := cmp.Diff(want, snapshot(t, dir)); diff != "" {
				t.Errorf("folder (-want +got):\n%s", diff)
			}
			if got := content(t, filepath.Dir(outside), "outside.csv"); got != "user\nann\n" {
				t.Errorf("outside.csv: got %q", got)
			}
		})
	}
}

// snapshot is every file below dir, and where links lead.
func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		link, _ := os.Readlink(path)
		all[path] = link + ":" + string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// A file that came into the folder while the report was being written is not replaced.
func TestPublishTouchesNoFileThatCameMeanwhile(t *testing.T) {
	for _, name := range []string{"results.csv", "failed.csv", "summary.json"} {
		job, src := failedOnce(jobs.Failed)
		dir := t.TempDir()
		f, err := Open(dir, job.ID)
		if err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(dir, name), "mine")
		if _, err := Write(t.Context(), f, job, src, Own{}); !errors.As(err, new(*folder.ForeignError)) {
			t.Errorf("%s: got error %v, want a ForeignError", name, err)
		}
		f.Close()
		if diff := cmp.Diff([]string{name}, files(t, dir)); diff != "" {
			t.Errorf("%s: files (-want +got):\n%s", name, diff)
		}
	}
}

// The undo files of a job are guarded like its report.
func TestUndoTouchesNoForeignFile(t *testing.T) {
	dir := t.TempDir()
	job := testJob(jobs.Finished, jobs.Tally{Read: 14})
	if _, err := undoTo(t.Context(), dir, job, undoSource()); err != nil {
		t.Fatal(err)
	}
	if _, err := undoTo(t.Context(), dir, job, undoSource()); err != nil {
		t.Errorf("the same undo once more: %v", err)
	}
	put(t, filepath.Join(dir, "undo.csv"), "without user-1")
	if _, err := undoTo(t.Context(), dir, job, undoSource()); !errors.As(err, new(*folder.ForeignError)) {
		t.Errorf("got error %v, want a ForeignError", err)
	}
	if got := content(t, dir, "undo.csv"); got != "without user-1" {
		t.Errorf("undo.csv: got %q", got)
	}
}

// The folder of a job by an older release, which left no manifest, is the job's; what was changed there since is not.
func TestReportsGoOnWithAnOlderFolder(t *testing.T) {
	job, src := failedOnce(jobs.Failed)
	older := func() string {
		dir := t.TempDir()
		if _, err := writeTo(t.Context(), dir, job, src); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(dir, folder.FileName)); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	dir := older()
	done, src2 := failedOnce(jobs.OK)
	if _, err := writeTo(t.Context(), dir, done, src2); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "failed.csv")); err == nil {
		t.Error("failed.csv of the older report is still there")
	}

	dir = older()
	put(t, filepath.Join(dir, "failed.csv"), "mended")
	later := time.Now().Add(time.Minute)
	if err := os.Chtimes(filepath.Join(dir, "failed.csv"), later, later); err != nil {
		t.Fatal(err)
	}
	if _, err := writeTo(t.Context(), dir, job, src); !errors.As(err, new(*folder.ForeignError)) {
		t.Errorf("failed.csv was mended: got error %v, want a ForeignError", err)
	}
	other := job
	other.ID = "20260101-000000-aaaa"
	if _, err := writeTo(t.Context(), older(), other, src); !errors.As(err, new(*folder.OwnerError)) {
		t.Errorf("another job: got error %v, want an OwnerError", err)
	}
}

// I9: a process that dies while files are put in their places leaves a folder that the next report of the job can be written to.
func TestPublishSurvivesAKill(t *testing.T) {
	job, src := failedOnce(jobs.Failed)
	done, src2 := failedOnce(jobs.OK)
	for placed := range 3 {
		dir, spare := t.TempDir(), t.TempDir()
		for into, first := range map[string]bool{dir: true, spare: false} {
			if !first {
				if _, err := writeTo(t.Context(), into, done, src2); err != nil {
					t.Fatal(err)
				}
				continue
			}
			if _, err := writeTo(t.Context(), into, job, src); err != nil {
				t.Fatal(err)
			}
		}
		f, err := Open(dir, job.ID)
		if err != nil {
			t.Fatal(err)
		}
		d, err := f.NewDraft()
		if err != nil {
			t.Fatal(err)
		}
		// The files of the second report that are put in place before the kill; the next one has no draft.
		var made []folder.File
		for i, name := range []string{"results.csv", "report.html", "summary.json"} {
			data := content(t, spare, name)
			put(t, filepath.Join(d.Dir(), name), data)
			s := folder.NewStamper(discard{})
			if _, err := s.Write([]byte(data)); err != nil {
				t.Fatal(err)
			}
			stamp := s.Stamp()
			made = append(made, folder.File{Name: name, Stamp: &stamp})
			if i == placed {
				if err := os.Remove(filepath.Join(d.Dir(), name)); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := f.Publish(d, made); err == nil {
			t.Fatal("a publication without its draft went well")
		}
		f.Close()
		if _, err := writeTo(t.Context(), dir, done, src2); err != nil {
			t.Errorf("killed before file %d: %v", placed+1, err)
		}
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// Of two processes with one folder the second is turned away, whatever its job.
func TestOneProcessAtATime(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "report")
	f, err := Open(dir, "20260101-000000-aaaa")
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"20260101-000000-aaaa", "20260101-000000-bbbb"} {
		if _, err := Open(dir, id); !errors.Is(err, folder.ErrBusy) {
			t.Errorf("%s: got error %v, want %v", id, err, folder.ErrBusy)
		}
	}
	f.Close()
	// The first came to nothing: the folder is free again.
	g, err := Open(dir, "20260101-000000-bbbb")
	if err != nil {
		t.Fatal(err)
	}
	g.Close()
}
