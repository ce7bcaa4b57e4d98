package main

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sunbulk/sunbulk/internal/credentials"
	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/plan"
	"github.com/sunbulk/sunbulk/internal/redisfault"
	"github.com/sunbulk/sunbulk/internal/runbook"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/internal/web"
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

// end ends the program with a code when everything was said.
func end(code int) error { return &exitError{code: code} }

// endWith ends it with a code, why, and what to do next.
func endWith(code int, err error, hint string) error { return &exitError{code, err, hint} }

func usage(message, hint string) error {
	return &exitError{exitUsage, errors.New(message), hint}
}

func cannotRun(err error, hint string) error { return &exitError{exitCannotRun, err, hint} }

// explain gives the exit code of a command's error and what a person reads.
func explain(err error, cmd *cobra.Command) (code int, text string) {
	code, hint := codeAndHint(err)
	if f := cmd.Flags().Lookup("redis"); hint == "" && code == exitCannotRun && f != nil && f.Value.String() != "" {
		_, hint = ofFault(lost(redisfault.Of(err)), "")
	}
	if e, ok := errors.AsType[*exitError](err); ok && e.err == nil {
		return code, ""
	}
	if hint == "" && code == exitUsage {
		hint = "see '" + cmd.CommandPath() + " --help'"
	}
	text = "sunbulk: " + words(err)
	if e, ok := errors.AsType[*service.Invalid](err); ok {
		text = "sunbulk: " + jobs.Line(strings.ReplaceAll(fields[e.Field].text, "%s", e.Text))
	} else if e, ok := errors.AsType[*jobs.OptionError](err); ok {
		text = "sunbulk: " + jobs.Line(textOfOption(cmd.Flags(), e))
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
		if e.Kind == service.CapsRefuse {
			return exitPaused, hintOfConflict(e)
		}
		return exitUsage, hintOfConflict(e)
	}
	if e, ok := errors.AsType[*service.Invalid](err); ok {
		return exitUsage, fields[e.Field].hint
	}
	if e, ok := errors.AsType[*jobs.OptionError](err); ok {
		return exitUsage, strings.Replace(e.Hint, "e.g. ", "e.g. --"+e.Option+" ", 1)
	}
	if errors.As(err, new(*plan.NoPlan)) {
		return exitUsage, "'sunbulk plan --out FILE' makes one"
	}
	if e, ok := errors.AsType[*service.Unreadable](err); ok {
		return exitCannotRun, hintOfUnreadable(e)
	}
	if e, ok := errors.AsType[*service.Interrupted](err); ok {
		return exitInterrupted, hintOfInterruption(e)
	}
	if code, hint, ok := codeAndHintOfLocal(err); ok {
		return code, hint
	}
	if e, ok := errors.AsType[*service.Unavailable](err); ok {
		if e.Outdated {
			return exitCannotRun, "sunbulk needs 6.2 or later"
		}
		return ofFault(e.Fault, e.Better)
	}
	if errors.As(err, new(*service.ReportError)) {
		return exitCannotRun, "check --out and the space on the disk"
	}
	if e, ok := errors.AsType[*input.Error](err); ok {
		if e.Unavailable {
			return exitCannotRun, e.Hint
		}
		return exitUsage, strings.Replace(strings.Trim(e.Hint+"; "+e.Seen, "; "), "?; ", "? ", 1)
	}
	if e, ok := errors.AsType[*web.TokensError](err); ok {
		return exitUsage, e.Hint
	}
	if e, ok := errors.AsType[*web.ConfigError](err); ok {
		return exitUsage, "see --" + e.Field
	}
	if e, ok := errors.AsType[*credentials.Error](err); ok {
		return exitUsage, e.Hint
	}
	if e, ok := errors.AsType[*credentials.Refusal](err); ok {
		return exitCannotRun, e.Hint
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

// fields are the arguments of the service that may be wrong: how that is reported, and what to do.
var fields = map[string]struct{ text, hint string }{
	"redis":    {"--redis: %s", "e.g. redis://localhost:6379/0"},
	"rate":     {"%s", "'sunbulk pause JOB' stops a job"},
	"canary":   {"--canary %s", "write it to a file, and give that"},
	"timezone": {"--timezone: %s", "'sunbulk pause JOB', and 'sunbulk resume JOB --timezone Europe/Madrid'"},
	"input":    {"%s", "give all files of the job, in its order; 'sunbulk status JOB' and summary.json name them"},
	"until":    {"%s", "--until TIME ends it at a time; --keep holds it until 'sunbulk rate APP auto'"},
	"now":      {"--now: %s", "e.g. --now 2026-11-22T00:00:00Z"},
}

// textOfOption reports a flag with a value that no job can have.
func textOfOption(flags *pflag.FlagSet, e *jobs.OptionError) string {
	f := flags.Lookup(e.Option)
	if f == nil {
		return e.Error()
	}
	if _, list := f.Value.(pflag.SliceValue); list || e.Option == "now" { // these causes read on
		return "--" + e.Option + " " + e.Cause
	}
	if !strings.HasPrefix(e.Cause, `"`) { // else it quotes the part that is wrong
		return "--" + e.Option + ": " + f.Value.String() + " " + e.Cause
	}
	return "--" + e.Option + ": " + e.Cause
}
