package local

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
)

// candidate is a job that is to be begun, or continued, and what it is compared by with those in the folders around it.
type candidate struct {
	Head
	out       string                     // its own folder
	around    string                     // the folder whose neighbours are looked at: out, or that of the run which it is a step of
	journal   func(folder string) string // the folder in folder that holds the journal of such a run
	ended     func(folder string) (ended, bool)
	duplicate bool // it may be one
}

// ended is what the report of a run tells that is not going on any more.
type ended struct {
	App         string
	State       jobs.State
	Simulated   bool
	Fingerprint string
	Creates     int64 // that the API was sent and did not refuse
	Finished    time.Time
}

// refuseDuplicate keeps work from being done a second time by mistake: beside a run of it that is not finished, where
// rows that are done would be called again, and after one that has created what this one would. Other work harms
// nobody when it comes again, and neither does what is simulated.
func (c candidate) refuseDuplicate() error {
	if c.duplicate || c.Fingerprint() == "" || c.Options.Simulated {
		return nil
	}
	for _, folder := range siblings(c.around) {
		other, there, err := Peek(c.journal(folder))
		if there && err == nil && c.same(other.Options.App, other.Options.Simulated, other.Fingerprint()) {
			return &DuplicateError{Folder: folder}
		}
		if e, known := c.ended(folder); known && !there && e.Creates > 0 && c.same(e.App, e.Simulated, e.Fingerprint) {
			return &DuplicateError{folder, e.State, e.Finished, e.Creates, left(folder)}
		}
	}
	return nil
}

// same tells whether another run calls the same app for the same rows. What is simulated is not done.
func (c candidate) same(app string, simulated bool, fingerprint string) bool {
	return app == c.Options.App && !simulated && fingerprint == c.Fingerprint()
}

// left names the file of the rows that may be run again without a second thought; empty when there is none.
func left(folder string) string {
	failed := filepath.Join(folder, "failed.csv")
	if _, err := os.Stat(failed); err != nil {
		return ""
	}
	return failed
}

// parents are the folders whose folders are looked at: the working directory, and the one that out is in.
func parents(out string) []string { return []string{".", filepath.Join(out, "..")} }

// siblings are the folders beside out, and those in the working directory.
func siblings(out string) []string {
	var folders []string
	own, _ := filepath.Abs(out)
	seen := map[string]bool{own: true}
	for _, parent := range parents(out) {
		entries, _ := os.ReadDir(parent) // what cannot be read holds no run that could be continued
		for _, e := range entries {
			folder := filepath.Join(parent, e.Name())
			path, err := filepath.Abs(folder)
			if err != nil || seen[path] || !e.IsDir() && e.Type()&os.ModeSymlink == 0 {
				continue
			}
			seen[path] = true
			folders = append(folders, folder)
		}
	}
	return folders
}

// endedJob reads the summary of a job in its report folder.
func endedJob(folder string) (ended, bool) {
	var s struct {
		ended
		Times struct{ Finished time.Time }
	}
	known := readNumbers(filepath.Join(folder, "summary.json"), &s)
	s.ended.Finished = s.Times.Finished
	return s.ended, known && s.State.Ended()
}

// endedRun reads the summary of a run of a runbook in its report folder.
func endedRun(folder string) (ended, bool) {
	var s struct {
		ended
		Ended time.Time
		Steps []struct {
			Op   jobs.Op
			Rows jobs.Tally
		}
	}
	known := readNumbers(filepath.Join(folder, "run.json"), &s)
	for _, step := range s.Steps {
		if !step.Op.Idempotent() {
			s.Creates += step.Rows.OK + step.Rows.InDoubt
		}
	}
	s.Finished = s.Ended
	return s.ended, known && s.State.Ended()
}

// maxNumbers is how much is read of a summary, in bytes: those of a thousand inputs take less.
const maxNumbers = 4 << 20

// readNumbers reads the JSON of a report. What is not there or something else is passed over.
func readNumbers(name string, into any) bool {
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxNumbers))
	return err == nil && json.Unmarshal(data, into) == nil
}
