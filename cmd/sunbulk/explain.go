package main

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/runbook"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/jobs"
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
	code, hint := codeAndHint(err)
	if e, ok := errors.AsType[*exitError](err); ok && e.err == nil {
		return code, ""
	}
	if hint == "" && code == exitUsage {
		hint = "see '" + cmd.CommandPath() + " --help'"
	}
	text = "sunbulk: " + words(err)
	if e, ok := errors.AsType[*service.Invalid](err); ok && cmd.Flags().Lookup(e.Field) != nil {
		text = "sunbulk: --" + e.Field + ": " + jobs.Line(e.Text)
	}
	if hint != "" {
		text += "\nhint: " + jobs.Line(hint)
	}
	return code, text
}

// words are an error's, in one line but for those that are several by themselves.
func words(err error) string {
	if errors.As(err, new(*runbook.Error)) { // whose lines are its own
		return err.Error()
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok || errors.Join(joined.Unwrap()...).Error() != err.Error() {
		return jobs.Line(err.Error())
	}
	var lines []string
	for _, e := range joined.Unwrap() {
		lines = append(lines, words(e))
	}
	return strings.Join(lines, "\n")
}

// codeAndHint gives the exit code of an error, and what to do about it.
func codeAndHint(err error) (code int, hint string) {
	if e, ok := errors.AsType[*exitError](err); ok {
		return e.code, e.hint
	}
	if e, ok := errors.AsType[*service.NotFound](err); ok {
		return exitUsage, hintOfNotFound(e)
	}
	if e, ok := errors.AsType[*service.Conflict](err); ok {
		return exitUsage, hintOfConflict(e)
	}
	if e, ok := errors.AsType[*service.Invalid](err); ok {
		return exitUsage, hintsOfFields[e.Field]
	}
	if e, ok := errors.AsType[*service.Unavailable](err); ok {
		if e.Outdated {
			return exitCannotRun, "sunbulk needs 6.2 or later"
		}
		return exitCannotRun, "check --redis, and that the server runs; 'docker compose up -d redis' starts one"
	}
	if isFolderError(err) {
		return exitUsage, "give another --out: sunbulk writes where nothing is, or where it wrote the report of the same job, and touches no other file"
	}
	if errors.As(err, new(*service.ReportError)) {
		return exitCannotRun, "check --out and the space on the disk"
	}
	if e, ok := errors.AsType[*input.Error](err); ok {
		if e.Unavailable {
			return exitCannotRun, e.Hint
		}
		return exitUsage, e.Hint
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return exitCannotRun, "check the file's name"
	case errors.Is(err, fs.ErrPermission):
		return exitCannotRun, "check the permissions of the file and of its folder"
	case errors.As(err, new(*runbook.Error)):
		return exitUsage, "'sunbulk runbook schema' prints what a runbook may hold"
	}
	return exitCannotRun, ""
}

func hintOfNotFound(e *service.NotFound) string {
	switch {
	case e.Is == "step":
		return "e.g. 'sunbulk runbook status " + e.Run + "'"
	case e.Is == "run":
		return "its commands are below 'sunbulk runbook', e.g. 'sunbulk runbook status " + e.ID + "'"
	case e.Is == "job":
		return "its commands are the same without runbook, e.g. 'sunbulk status " + e.ID + "'"
	case e.Kind == "run":
		return "'sunbulk runbook status' lists the runs"
	}
	return "'sunbulk jobs' lists the jobs"
}

func hintOfConflict(e *service.Conflict) string {
	switch e.Kind {
	case service.WrongState:
		return "'sunbulk status JOB' tells where it stands"
	case service.WrongRunState:
		return "'sunbulk runbook status RUN' tells where it stands"
	case service.CapExceeded:
		return exceedHint
	case service.StepOfRun:
		return "'sunbulk forget " + e.ID + "' drops the run with all of its jobs"
	}
	return ""
}

// hintsOfFields are about arguments of the service that are wrong.
var hintsOfFields = map[string]string{
	"redis":    "e.g. redis://localhost:6379/0",
	"rate":     "'sunbulk pause JOB' stops a job",
	"timezone": "'sunbulk pause JOB', and 'sunbulk resume JOB --timezone Europe/Madrid'",
}
