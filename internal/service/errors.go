package service

import (
	"errors"
	"fmt"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/redisfault"
	"github.com/sunbulk/sunbulk/internal/runs"
	"github.com/sunbulk/sunbulk/internal/schedule"
	"github.com/sunbulk/sunbulk/jobs"
)

// NotFound says that nothing has an id or a name.
type NotFound struct {
	Kind string // of what was asked for: job, run, schedule, plan or upload
	ID   string
	Is   string // what has that id instead: job, step or run; empty = nothing
	Run  string // of the step
	Near string // a name that is there and much like it; empty = none
}

func (e *NotFound) Error() string {
	switch {
	case e.Is == "step":
		return fmt.Sprintf("%s is no run, it is the job of a step of run %s", e.ID, e.Run)
	case e.Is == "run":
		return e.ID + " is no job, it is a run of a runbook"
	case e.Is == "job":
		return e.ID + " is no run, it is a job"
	case e.Kind == "schedule":
		return fmt.Sprintf("there is no schedule %q", e.ID)
	}
	return fmt.Sprintf("%s %s: no such %s", e.Kind, e.ID, e.Kind)
}

// NoRow says that a job has no row of a number.
type NoRow struct {
	Job     string
	Row     int64
	Rows    int64 // that it has
	Growing bool  // more are being added
}

func (e *NoRow) Error() string {
	return fmt.Sprintf("no row %d: job %s has the rows 1 to %d", e.Row, e.Job, e.Rows)
}

// Conflict says that something cannot be done as things are.
type Conflict struct {
	Kind  ConflictKind
	ID    string     // of what is in the way: a job, a run, or a schedule
	State jobs.State // of it
	Piped bool       // its input can be read only once
	Retry jobs.Retry // the failed rows that it runs, or that are asked for
	text  string
}

func (e *Conflict) Error() string { return e.text }

// ConflictKind tells conflicts apart.
type ConflictKind string

// The conflicts that there are.
const (
	WrongState         ConflictKind = "wrong_state"          // a job is not in a state in which it can be moved
	WrongRunState      ConflictKind = "wrong_run_state"      // nor a run
	WrongScheduleState ConflictKind = "wrong_schedule_state" // nor a schedule
	Ended              ConflictKind = "ended"                // nothing can be added to a job or a run
	NotEnded           ConflictKind = "not_ended"            // a job that is to be retried
	Duplicate          ConflictKind = "duplicate"            // a job has the same input, and cannot be continued
	OtherOptions       ConflictKind = "other_options"        // a job has the same input, and was begun with other options
	OtherInput         ConflictKind = "other_input"          // a job was begun with another input
	OtherRules         ConflictKind = "other_rules"          // a job was begun by a release that reads rows in another way
	OtherRows          ConflictKind = "other_rows"           // a pipe gives other rows than before
	PipeEnded          ConflictKind = "pipe_ended"           // a pipe was queued to its end
	NoInput            ConflictKind = "no_input"             // the input of a job is not known
	IsRetry            ConflictKind = "is_retry"             // a job has failed rows of another for its input
	ProducerBusy       ConflictKind = "producer_busy"        // another process queues the rows
	RowsTaken          ConflictKind = "rows_taken"           // another job has taken the failed rows
	RetryUnfinished    ConflictKind = "retry_unfinished"     // another job has, and is not queued to its end
	NoFailedRows       ConflictKind = "no_failed_rows"       // there are none to retry
	DuplicateRun       ConflictKind = "duplicate_run"        // a run of the same goes on
	CreatesTwice       ConflictKind = "creates_twice"        // a run of the same has created what this one would
	OtherRunInput      ConflictKind = "other_run_input"      // a run was begun with something else
	CapsRefuse         ConflictKind = "caps_refuse"          // a run is not begun, by a cap of its runbook
	CapExceeded        ConflictKind = "cap_exceeded"         // a run is paused by a cap of its runbook
	StepOfRun          ConflictKind = "step_of_run"          // a job goes only with its run
	PlanRefused        ConflictKind = "plan_refused"         // an approver has refused the plan
	PlanDecided        ConflictKind = "plan_decided"         // it was decided before, otherwise
	PlanChanged        ConflictKind = "plan_changed"         // it is not the plan that was shown
	NeedsApproval      ConflictKind = "needs_approval"       // a plan may not be started without one
	OwnPlan            ConflictKind = "own_plan"             // nobody approves what they planned or asked for
	KeyReused          ConflictKind = "key_reused"           // the same idempotency key came with another request
	OtherReport        ConflictKind = "other_report"         // a folder holds the report of another job
)

// Interrupted says that queuing ended with its context. The same order goes on.
type Interrupted struct {
	Job    string
	Run    string // set in place of Job
	Piped  bool   // it must get the same rows again
	ByName bool   // only by its id it can be continued
	text   string
}

func (e *Interrupted) Error() string { return e.text }

// Invalid says which argument is wrong, and why.
type Invalid struct {
	Field string // in the words of jobs.OptionError
	Text  string
}

func (e *Invalid) Error() string { return e.Text }

// Unreadable says that the record of a job, a run or a schedule is lost, damaged or of a newer release. Others are not concerned.
type Unreadable struct {
	ID       string // of a schedule its name
	Schedule bool
	err      error
}

func (e *Unreadable) Error() string { return e.err.Error() }

func (e *Unreadable) Unwrap() error { return e.err }

// typed makes an *Unreadable of an error of the stores about one record.
func typed(err error) error {
	if e, ok := errors.AsType[*ledger.UnreadableError](err); ok {
		return &Unreadable{ID: e.ID, err: err}
	}
	if e, ok := errors.AsType[*runs.UnreadableError](err); ok {
		return &Unreadable{ID: e.ID, err: err}
	}
	if e, ok := errors.AsType[*schedule.UnreadableError](err); ok {
		return &Unreadable{ID: e.Name, Schedule: true, err: err}
	}
	return err
}

// Unavailable says that the Redis does not answer, or cannot be used as it was asked to.
type Unavailable struct {
	Outdated bool             // its version is too old
	Fault    redisfault.Fault // what is the matter
	Better   string           // a URL that may be meant, without password; empty = none is known
	err      error
}

func (e *Unavailable) Error() string { return e.err.Error() }

func (e *Unavailable) Unwrap() error { return e.err }
