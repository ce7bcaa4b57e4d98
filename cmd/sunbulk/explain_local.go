package main

import (
	"errors"

	"github.com/sunbulk/sunbulk/internal/folder"
	"github.com/sunbulk/sunbulk/internal/local"
	"github.com/sunbulk/sunbulk/internal/runs"
)

// codeAndHintOfLocal is about jobs and runs in this process, and about report folders; ok is false of other errors.
func codeAndHintOfLocal(err error) (code int, hint string, ok bool) {
	stop, stopped := errors.AsType[*local.Stop](err)
	duplicate, isDuplicate := errors.AsType[*local.DuplicateError](err)
	about, isFolder := errors.AsType[*local.FolderError](err)
	switch {
	case stopped:
		code, hint = codeAndHintOfStop(stop)
	case errors.As(err, new(*runs.Refusal)):
		code, hint = exitPaused, exceedHint
	case isDuplicate:
		code, hint = exitUsage, hintOfDuplicateRun(duplicate)
	case errors.As(err, new(*local.DiskError)):
		code, hint = exitCannotRun, "mend that, such as by freeing space; the same command then goes on, and nothing is lost"
	case errors.Is(err, folder.ErrBusy):
		code, hint = exitUsage, "wait for it, or give another --out"
	case errors.As(err, new(*folder.ForeignError)), errors.As(err, new(*folder.OwnerError)), errors.Is(err, local.ErrAlien):
		code, hint = exitUsage, "give another --out: sunbulk writes where nothing is, or where it wrote the report of the same job, and touches no other file"
	case isFolder:
		code, hint = codeAndHintOfFolder(about)
	default:
		return 0, "", false
	}
	return code, hint, true
}

// codeAndHintOfStop is about a job, or a run of a runbook, in this process.
func codeAndHintOfStop(e *local.Stop) (code int, hint string) {
	again := "the same command with --out " + e.Out
	switch e.Kind {
	case local.JobPaused:
		return exitPaused, "mend the cause, then run " + again
	case local.CanaryFailed:
		return exitPaused, "look at the report; " + again + " continues with the other rows"
	case local.StepPaused:
		return exitPaused, "look at the report and mend the cause; then " + again + " goes on"
	case local.CapExceeded:
		return exitPaused, "look whether that is meant; " + again + " --exceed-caps goes on"
	case local.InputBroken:
		return exitPaused, "mend the input, and run it with another --out"
	case local.NotJudged:
		return exitPaused, "mend the where of the step before, or its variables, and run it with another --out"
	}
	return exitInterrupted, again + " goes on"
}

// codeAndHintOfFolder is about a folder that a job or a run in this process cannot have.
func codeAndHintOfFolder(e *local.FolderError) (code int, hint string) {
	switch {
	case errors.As(e, new(*local.ChangedError)):
		return exitUsage, "run it again as it was, or give another --out"
	case errors.Is(e, local.ErrLocked):
		return exitUsage, "wait for it, or give another --out"
	case errors.Is(e, local.ErrNotKept):
		return exitUsage, "give the id of a job on Redis; for another folder, 'sunbulk run " + e.Out + "/verify.csv' asks the API, where that file is"
	case errors.Is(e, local.ErrSimulated):
		return exitUsage, "give another --out; with --simulate it goes on"
	case errors.Is(e, local.ErrReal):
		return exitUsage, "give another --out; without --simulate it goes on"
	case errors.Is(e, local.ErrElsewhere):
		return exitUsage, "give the --base-url that it was started with, or another --out"
	case errors.Is(e, local.ErrOtherRules):
		return exitUsage, "let that release end it: the same command goes on there"
	case errors.Is(e, local.ErrReported), errors.Is(e, local.ErrRunReported):
		return exitUsage, "give another --out, or move it away"
	}
	return exitCannotRun, "check " + e.Out + ", or give another --out"
}

// hintOfDuplicateRun is about a folder that holds a run of the same work.
func hintOfDuplicateRun(e *local.DuplicateError) string {
	switch {
	case e.State == "":
		return "continue it by --out " + e.Folder + ", or run every row again by --allow-duplicates"
	case e.Left != "":
		return "what is left is in " + e.Left + "; --allow-duplicates runs every row again"
	}
	return "--allow-duplicates runs every row again"
}
