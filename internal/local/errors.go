package local

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
)

// Errors that tell why a folder cannot be used for a run.
var (
	ErrExists      = errors.New("the folder holds an unfinished run")
	ErrLocked      = errors.New("another run is using the folder")
	ErrNone        = errors.New("the folder holds no unfinished run")
	ErrAlien       = errors.New("the folder's " + FileName + " is no journal of sunbulk that is this user's alone")
	ErrReported    = errors.New("the folder holds the report of an earlier job")
	ErrRunReported = errors.New("the folder holds the report of an earlier run of a runbook")
)

// Errors that tell why a run cannot go on against another API than that which its done rows were done by.
var (
	ErrSimulated = errors.New("the run in the folder is simulated")
	ErrReal      = errors.New("the run in the folder is not simulated")
	ErrElsewhere = errors.New("the run in the folder calls another base URL")
)

// ErrOtherRules says that a run cannot go on, because its rows would be read in another way than at its beginning.
var ErrOtherRules = errors.New("the run in the folder was begun by another release of sunbulk, which read rows in another way")

// ChangedError says that a folder holds another run than the one that is started.
type ChangedError struct {
	Changed []string // each a clause for people, such as `--op is "list" and was "remove"`
}

func (e *ChangedError) Error() string { return strings.Join(e.Changed, "; ") }

// FolderError says why a job or a run of a runbook cannot have its report folder. Err is one of the errors above, or what
// the disk said.
type FolderError struct {
	Out string // the folder
	Err error
}

func (e *FolderError) Error() string {
	switch {
	case errors.As(e.Err, new(*ChangedError)):
		return fmt.Sprintf("%s holds an unfinished run, and this is not the same one: %s", e.Out, e.Err)
	case errors.Is(e.Err, ErrLocked):
		return "another sunbulk works in " + e.Out
	case errors.Is(e.Err, ErrNotKept):
		return e.Out + " " + ErrNotKept.Error()
	case errors.Is(e.Err, ErrSimulated):
		return e.Out + " holds a simulated run, and this one would call the API: rows that are done there were done to nobody"
	case errors.Is(e.Err, ErrReal):
		return e.Out + " holds a run on the API, and this one is simulated"
	case errors.Is(e.Err, ErrElsewhere):
		return e.Out + " holds a run on another base URL: rows that are done there were not done here"
	case errors.Is(e.Err, ErrOtherRules):
		return e.Out + " holds an unfinished run that another release of sunbulk began, which read rows in another way"
	case errors.Is(e.Err, ErrReported):
		return e.Out + " holds the report of an earlier job"
	case errors.Is(e.Err, ErrRunReported):
		return e.Out + " holds the report of an earlier run"
	}
	return e.Err.Error()
}

// Unwrap returns why.
func (e *FolderError) Unwrap() error { return e.Err }

// inFolder is a *FolderError about a folder; nil where err is.
func inFolder(out string, err error) error {
	if err == nil {
		return nil
	}
	return &FolderError{out, err}
}

// DuplicateError says that another folder holds a run of the same work.
type DuplicateError struct {
	Folder   string
	State    jobs.State // in which it ended; empty = it is not finished
	Finished time.Time
	Creates  int64  // that it made, which would come twice
	Left     string // the file of rows that may be run again; empty = there is none
}

func (e *DuplicateError) Error() string {
	if e.State == "" {
		return "an unfinished run of the same input is in " + e.Folder
	}
	return fmt.Sprintf("%s holds a run of the same input, %s %s: its %s would come twice", e.Folder, e.State, e.Finished.Local().Format("2006-01-02 15:04"), jobs.Count(e.Creates, "create"))
}

// Stop says why a job, or a run of a runbook, makes no more calls though it is not at its end. When it is begun again with the same
// folder it goes on.
type Stop struct {
	Kind StopKind
	Out  string // the report folder
	text string
}

func (e *Stop) Error() string { return e.text }

// StopKind tells stops apart.
type StopKind string

// The stops that there are.
const (
	Interrupted  StopKind = "interrupted"
	JobPaused    StopKind = "job_paused"
	CanaryFailed StopKind = "canary_failed" // the same order continues with the other rows
	StepPaused   StopKind = "step_paused"   // of a run
	CapExceeded  StopKind = "cap_exceeded"  // by a step of a run, of which nothing is queued
	InputBroken  StopKind = "input_broken"  // a run's input was not read to its end
	NotJudged    StopKind = "not_judged"    // the where of a step could judge none of the clients
)
