package main

import (
	"errors"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/runbook"
	"github.com/sunbulk/sunbulk/internal/runs"
)

// The exit codes of sunbulk.
const (
	exitOK          = 0
	exitCannotRun   = 1
	exitUsage       = 2
	exitNotAllOK    = 3
	exitPaused      = 4
	exitInterrupted = 130
)

// exitError ends the program with a code, and says what to do next.
type exitError struct {
	code int
	err  error // nil: everything was said
	hint string
}

func (e *exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

func usage(message, hint string) error {
	return &exitError{exitUsage, errors.New(message), hint}
}

func cannotRun(err error, hint string) error { return &exitError{exitCannotRun, err, hint} }

// explain gives the exit code of a command's error and what a person is told.
func explain(err error, cmd *cobra.Command) (code int, text string) {
	code, hint := exitCannotRun, ""
	if e, ok := errors.AsType[*exitError](err); ok {
		code, hint = e.code, e.hint
		if e.err == nil {
			return code, ""
		}
	} else if e, ok := errors.AsType[*input.Error](err); ok {
		code, hint = exitUsage, e.Hint
		if e.Unavailable {
			code = exitCannotRun
		}
	} else if errors.Is(err, fs.ErrNotExist) {
		hint = "check the file's name"
	} else if errors.Is(err, fs.ErrPermission) {
		hint = "check the permissions of the file and of its folder"
	} else if errors.Is(err, ledger.ErrNoJob) {
		code, hint = exitUsage, "'sunbulk jobs' lists the jobs"
	} else if errors.Is(err, ledger.ErrIllegal) {
		code, hint = exitUsage, "'sunbulk status JOB' tells where it stands"
	} else if errors.Is(err, runs.ErrNoRun) {
		code, hint = exitUsage, "'sunbulk runbook status' lists the runs"
	} else if errors.Is(err, runs.ErrIllegal) {
		code, hint = exitUsage, "'sunbulk runbook status RUN' tells where it stands"
	} else if errors.As(err, new(*runbook.Error)) {
		code, hint = exitUsage, "'sunbulk runbook schema' prints what a runbook may hold"
	}
	if hint == "" && code == exitUsage {
		hint = "see '" + cmd.CommandPath() + " --help'"
	}
	text = "sunbulk: " + err.Error()
	if hint != "" {
		text += "\nhint: " + hint
	}
	return code, text
}
