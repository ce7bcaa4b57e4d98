package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sunbulk/sunbulk/internal/embedded"
	"github.com/sunbulk/sunbulk/jobs"
)

// resume finds the run that the folder holds and makes this one the same; a folder without one begins it.
func (m *march) resume(out string) (string, error) {
	r := &m.view.run
	if out == "" {
		if err := m.refuseUnfinished(); err != nil {
			return "", err
		}
	}
	out = outFolder(out, r.ID)
	head, there, err := embedded.Peek(m.view.folder(out, 0))
	if err != nil {
		return out, explainJournal(err, out)
	}
	if there {
		r.ID, r.Created = head.Options.Run, head.Created
		return out, nil
	}
	if _, err := os.Stat(filepath.Join(out, "run.json")); err == nil {
		if err := m.discardLeft(out); err != nil {
			return out, err
		}
		return out, usage(out+" holds the report of an earlier run", "give another --out, or move it away")
	}
	return out, nil
}

// refuseUnfinished keeps a run that was interrupted from being begun anew by who forgot its --out.
func (m *march) refuseUnfinished() error {
	r := &m.view.run
	inputs, err := m.files.Digest()
	if err != nil {
		return err
	}
	now := embedded.Head{Options: jobs.Options{App: r.Runbook.App, Simulated: m.simulated}, Inputs: journalInputs(inputs)}
	journals, err := filepath.Glob(filepath.Join(m.view.folder("sunbulk-*", 0), embedded.FileName))
	if err != nil {
		return err
	}
	for _, path := range journals {
		head, there, err := embedded.Peek(filepath.Dir(path))
		if err == nil && there && head.Options.Runbook == r.Runbook.Name && sameWork(now, head) {
			out := filepath.Dir(filepath.Dir(path))
			return usage("an unfinished run of "+r.Runbook.Name+" with the same input is in "+out, "go on with it by --out "+out+", or give another --out for a run of its own")
		}
	}
	return nil
}

// discardLeft removes the journals that a run left that was killed when all was done but to remove them: the
// first goes first.
func (m *march) discardLeft(out string) error {
	for i := range m.view.run.Runbook.Steps {
		err := os.Remove(filepath.Join(m.view.folder(out, i), embedded.FileName))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return cannotRun(fmt.Errorf("discard journal: %w", err), "check "+out)
		}
	}
	return nil
}
