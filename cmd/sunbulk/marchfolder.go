package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sunbulk/sunbulk/internal/embedded"
)

// resume finds the run that the folder holds and makes this one the same; a folder without one begins it.
func (m *march) resume(out string) (string, error) {
	r := &m.view.Run
	out = outFolder(out, r.ID)
	first, err := m.head(0)
	if err != nil {
		return out, err
	}
	r.Fingerprint = first.Fingerprint()
	head, there, err := embedded.Peek(m.view.Folder(out, 0))
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
	if m.again {
		return out, nil
	}
	return out, m.newcomer(out, first).refuseTwin() // again when the first step begins, but the input is read before that
}

// newcomer is what the run is compared by with others of the same runbook, variables and input.
func (m *march) newcomer(out string, first embedded.Head) newcomer {
	return newcomer{Head: first, out: out, ended: endedRun, journal: func(folder string) string { return m.view.Folder(folder, 0) }}
}

// discardLeft removes the journals that a run left that was killed when all was done but to remove them: the
// first goes first.
func (m *march) discardLeft(out string) error {
	for i := range m.view.Run.Runbook.Steps {
		err := os.Remove(filepath.Join(m.view.Folder(out, i), embedded.FileName))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return cannotRun(fmt.Errorf("discard journal: %w", err), "check "+out)
		}
	}
	return nil
}
