package main

import (
	"fmt"
	"strings"

	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/jobs"
)

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
	case e.Kind == "schedule" && e.Near != "":
		return "did you mean " + e.Near + "? 'sunbulk schedule list' lists them"
	case e.Kind == "schedule":
		return "'sunbulk schedule list' lists them"
	}
	return "'sunbulk jobs' lists the jobs"
}

func hintOfConflict(e *service.Conflict) string {
	switch e.Kind {
	case service.WrongState:
		return "'sunbulk status JOB' tells where it stands"
	case service.WrongRunState:
		return "'sunbulk runbook status RUN' tells where it stands"
	case service.Ended:
		return "nothing can be added to it"
	case service.NotEnded:
		return "its failed rows can be run again when it has ended"
	case service.Duplicate, service.OtherOptions:
		return hintOfDuplicate(e)
	case service.OtherInput:
		return "give the same files in the same order, and the same --op, --set, --map, --where, --var, --now and --allow-duplicates"
	case service.OtherRules:
		return fmt.Sprintf("let the release that began it go on; or end it by 'sunbulk cancel %s', and --allow-duplicates runs every row of the input, those that are done, too: 'sunbulk report %s' tells which", e.ID, e.ID)
	case service.OtherRows:
		return fmt.Sprintf("give it the same rows again; or end it by 'sunbulk cancel %s', and then start this again; --allow-duplicates makes another job beside it", e.ID)
	case service.PipeEnded:
		return "lost batches are queued again from files only; 'sunbulk report " + e.ID + "' tells the rows that have no outcome"
	case service.NoInput:
		return "'sunbulk status " + e.ID + "' tells where it stands"
	case service.IsRetry:
		return "'" + retryLine(e.Retry) + "' continues it"
	case service.ProducerBusy:
		return "let that one go on; --allow-duplicates makes another job beside it"
	case service.RowsTaken, service.RetryUnfinished:
		return hintOfTakenRows(e) + "; --allow-duplicates runs every row again"
	case service.NoFailedRows:
		return "'sunbulk status " + e.ID + "' lists the causes"
	case service.WrongScheduleState:
		return "'sunbulk schedule history " + e.ID + "' tells where it stands"
	case service.DuplicateRun:
		return "'sunbulk runbook status " + e.ID + "' tells how it goes on; --resume " + e.ID + " ends a beginning that was cut off; --allow-duplicates begins another"
	case service.CreatesTwice:
		return "let the step be an ensure, or run every row again by --allow-duplicates"
	case service.OtherRunInput:
		return "give the same runbook, input and --var; without --resume it is a run of its own"
	case service.CapExceeded, service.CapsRefuse:
		return exceedHint
	case service.OtherReport:
		return "give another --out, or move it away"
	case service.StepOfRun:
		return "'sunbulk forget " + e.ID + "' drops the run with all of its jobs"
	}
	return ""
}

// hintOfDuplicate is about a job that has the same input.
func hintOfDuplicate(e *service.Conflict) string {
	anew := "--allow-duplicates runs every row again"
	if e.Piped {
		anew = "'sunbulk cancel " + e.ID + "' ends that job, and --allow-duplicates makes another beside it"
	}
	switch {
	case e.State == jobs.Cancelled:
		return "'sunbulk report " + e.ID + "' writes the rows that it left as unprocessed.csv, which can be queued"
	case e.Kind == service.OtherOptions:
		return "start it again as it was; " + anew
	}
	return "'sunbulk status " + e.ID + "' tells what became of it; " + anew
}

// hintOfTakenRows is about a job that has taken failed rows.
func hintOfTakenRows(e *service.Conflict) string {
	switch {
	case e.Kind == service.RetryUnfinished:
		return "'sunbulk retry " + e.Retry.Of + "' continues it"
	case e.State == jobs.Cancelled:
		return "'sunbulk report " + e.ID + "' writes the rows that it left as unprocessed.csv, which can be queued"
	}
	return "'sunbulk status " + e.ID + "' tells what became of them, and 'sunbulk retry " + e.ID + "' runs again what failed there"
}

// retryLine is the command that makes the job of failed rows, and continues it.
func retryLine(r jobs.Retry) string {
	command := "sunbulk retry " + r.Of
	if r.Cause != "" {
		command += " --cause '" + strings.ReplaceAll(r.Cause, "'", `'\''`) + "'"
	}
	return command
}

// again is how a job is continued after an interruption.
func again(piped, byName bool, job string) string {
	switch {
	case byName:
		return "'sunbulk enqueue FILE… --resume " + job + "' with the same flags and rows"
	case piped:
		return "the same command with the same rows"
	}
	return "the same command"
}

func hintOfInterruption(e *service.Interrupted) string {
	if e.Run != "" {
		return "'sunbulk runbook start' with --resume " + e.Run + " goes on"
	}
	return again(e.Piped, e.ByName, e.Job) + " continues it; its queued rows run meanwhile"
}
