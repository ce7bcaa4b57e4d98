package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sunbulk/sunbulk/internal/local"
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
	head, there, err := local.Peek(m.view.Folder(out, 0))
	if err != nil {
		return out, explainJournal(err, out)
	}
	if there {
		r.ID, r.Created = head.Options.Run, head.Created
		_, err := m.view.Look(out)
		return out, noFolder(out, err)
	}
	switch owner, err := m.view.Look(out); {
	case err != nil:
		return out, noFolder(out, err)
	case owner != "":
		if err := m.discardLeft(out, owner); err != nil {
			return out, err
		}
		return out, oldRun(out)
	}
	if m.again {
		return out, nil
	}
	return out, m.newcomer(out, first).refuseTwin() // again when the first step begins, but the input is read before that
}

// oldRun is the error of a run whose folder holds the report of another.
func oldRun(out string) error {
	return usage(out+" holds the report of an earlier run", "give another --out, or move it away")
}

// newcomer is what the run is compared by with others of the same runbook, variables and input.
func (m *march) newcomer(out string, first local.Head) newcomer {
	return newcomer{Head: first, out: out, ended: endedRun, journal: func(folder string) string { return m.view.Folder(folder, 0) }}
}

// discardLeft removes the journals that a run left that was killed when all was done but to remove them: the
// first goes first.
func (m *march) discardLeft(out, run string) error {
	for i := range m.view.Run.Runbook.Steps {
		step := m.view.Folder(out, i)
		if head, there, err := local.Peek(step); err != nil || !there || head.Options.Run != run {
			continue // not one of that run
		}
		err := os.Remove(filepath.Join(step, local.FileName))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return cannotRun(fmt.Errorf("discard journal: %w", err), "check "+out)
		}
	}
	return nil
}
