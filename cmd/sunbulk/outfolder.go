package main

import (
	"errors"
	"path/filepath"

	"github.com/sunbulk/sunbulk/internal/folder"
	"github.com/sunbulk/sunbulk/internal/local"
	"github.com/sunbulk/sunbulk/internal/report"
	"github.com/sunbulk/sunbulk/internal/runs"
	"github.com/sunbulk/sunbulk/internal/service"
)

// outFolder is where a job's report goes.
func outFolder(out, job string) string {
	if out == "" {
		out = "sunbulk-" + job
	}
	return filepath.Clean(out)
}

// checkOut refuses a report folder that cannot be that of the job, before anything is called. Whether the report that a
// folder holds is the job's is known only when the job is.
func (o runOptions) checkOut() error {
	if o.out == "" {
		return nil
	}
	out := outFolder(o.out, "")
	owner, err := report.Look(out)
	if err != nil || owner == "" || o.redis != "" {
		return noFolder(out, err)
	}
	if _, there, err := local.Peek(out); there || err != nil {
		return nil // openJournal explains it
	}
	return oldReport(out)
}

// checkRunOut is checkOut of a run of a runbook.
func checkRunOut(out, redis string, r runs.Run) error {
	if out == "" {
		return nil
	}
	out = outFolder(out, "")
	v := service.RunView{Run: r}
	owner, err := v.Look(out)
	if err != nil || owner == "" {
		return noFolder(out, err)
	}
	if redis == "" { // a run that is begun may be this one, and its leavings are another's to clear
		return nil
	}
	return oldRun(out)
}

// oldReport is the error of a job whose folder holds the report of another.
func oldReport(out string) error {
	return usage(out+" holds the report of an earlier job", "give another --out, or move it away")
}

// isFolderError tells whether a report folder is not to be had.
func isFolderError(err error) bool {
	return errors.As(err, new(*folder.ForeignError)) || errors.As(err, new(*folder.OwnerError)) || errors.Is(err, folder.ErrBusy) || errors.Is(err, local.ErrAlien)
}

// noFolder is the error of a report folder that cannot be opened; nil where err is.
func noFolder(out string, err error) error {
	if err == nil || isFolderError(err) {
		return err
	}
	return cannotRun(err, "check "+out+", or give another --out")
}
