package main

import (
	"errors"

	"github.com/sunbulk/sunbulk/internal/local"
	"github.com/sunbulk/sunbulk/internal/report"
	"github.com/sunbulk/sunbulk/internal/runs"
	"github.com/sunbulk/sunbulk/internal/service"
)

// checkRunOut refuses a report folder that cannot be that of a run of a runbook, before anything is called. In this process a run
// that is begun may be this one, and its leavings are another's to clear.
func checkRunOut(out, redis string, r runs.Run) error {
	if out == "" {
		return nil
	}
	out = report.Dir(out, "")
	v := service.RunView{Run: r}
	owner, err := v.Look(out)
	if err == nil && owner != "" && redis != "" {
		err = local.ErrRunReported
	}
	return noFolder(out, err)
}

// noFolder is the error of a report folder that cannot be opened; nil where err is.
func noFolder(out string, err error) error {
	if err == nil || errors.As(err, new(*service.Conflict)) {
		return err
	}
	return &local.FolderError{Out: out, Err: err}
}
