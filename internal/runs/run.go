// Package runs is the memory of runs of runbooks in Redis, and the conductor that moves them from step
// to step, wherever their jobs are kept. A run is one execution of a runbook; each of its steps is a job, whose id comes from the run's.
package runs

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/sunbulk/sunbulk/internal/runbook"
	"github.com/sunbulk/sunbulk/jobs"
)

// State is where a run stands: running → finished, with paused ⇄ running, and cancelled. A run whose
// job is paused is running.
type State = jobs.State

// Run is one execution of a runbook.
type Run struct {
	ID       string
	Runbook  *runbook.Runbook // with the app, and the input that is read
	Vars     map[string]string
	Local    bool   // only the command that began it can read its input
	Schedule string // that began it; empty when a person did
	Created  time.Time

	Simulated bool // nothing is really done

	Fingerprint string // of the runbook, its variables and its input, where Local: a beginning continues the same only

	State  State
	Reason string         // of a pause or a cancel, for people
	Pause  jobs.PauseKind // why it is paused; empty when it is not
	Step   int            // whose job is at work, from 0; the number of steps when all have finished
	Rows   int64          // of the input; 0 before all are queued
	Exceed int            // the step that may exceed its caps, from 1; 0 = none
	Events []jobs.Event
	Ended  time.Time // zero before
}

// Job returns the id of a step's job.
func (r *Run) Job(step int) string {
	return jobs.DeriveID(r.Created.Add(time.Duration(step)*time.Second), fmt.Sprintf("%s step %d", r.ID, step))
}

// Current returns the step whose job is at work, the last one when all have finished.
func (r *Run) Current() int { return min(r.Step, len(r.Runbook.Steps)-1) }

// Tally counts a run by the jobs of the steps that were begun: the rows of its input, those that came through
// all steps as ok, and what went wrong in any of them.
func (r *Run) Tally(steps []jobs.Job) jobs.Tally {
	var sum jobs.Tally
	for i, job := range steps {
		if i == 0 {
			sum.Read = job.AllRead()
		}
		sum.Failed += job.Tally.Failed
		sum.Rejected += job.Tally.Rejected
		sum.InDoubt += job.Tally.InDoubt
		sum.Unprocessed += job.Tally.Unprocessed
		if i == len(r.Runbook.Steps)-1 {
			sum.OK = job.Tally.OK + job.Tally.Noop - job.Filtered
		}
	}
	return sum
}

// Flow returns the run's runbook with its expressions.
func (r *Run) Flow() (*runbook.Flow, error) { return r.Runbook.Compile(r.Vars) }

// Options are those of a step's job.
func (r *Run) Options(step int) (jobs.Options, error) {
	o, err := r.Runbook.Options(step)
	if err != nil {
		return o, err
	}
	vars, err := json.Marshal(r.Vars)
	if err != nil {
		return o, err
	}
	s := r.Runbook.Steps[step]
	o.App, o.Simulated = r.Runbook.App, r.Simulated
	o.Filter = jobs.Filter{Where: s.Where, Vars: string(vars), Now: r.Created.UTC().Format(time.RFC3339Nano)}
	o.Origin = jobs.Origin{Run: r.ID, Runbook: r.Runbook.Name, Step: s.Name, Place: step + 1}
	for i, before := range r.Runbook.Steps[:step] {
		if before.Op.Creates() {
			o.Origin.Made = r.Job(i)
		}
	}
	return o, nil
}

// headVersion is that of the heads that this release writes and reads. A release under which a head means something else raises it.
const headVersion = 1

// head is what of a run never changes.
type head struct {
	Version  int               `json:"version,omitempty"` // 0 = 1
	Runbook  json.RawMessage   `json:"runbook"`
	Vars     map[string]string `json:"vars,omitempty"`
	Local    bool              `json:"local,omitempty"`
	Schedule string            `json:"schedule,omitempty"`

	Simulated   bool   `json:"simulated,omitempty"`
	Fingerprint string `json:"fingerprint,omitempty"`
}

func (r *Run) head() ([]byte, error) {
	book, err := r.Runbook.Text(!r.Local)
	if err != nil {
		return nil, err
	}
	return json.Marshal(head{headVersion, book, r.Vars, r.Local, r.Schedule, r.Simulated, r.Fingerprint})
}

func parseRun(id string, fields map[string]string) (Run, error) {
	n := func(name string) int64 {
		v, _ := strconv.ParseInt(fields[name], 10, 64) // a missing number is zero
		return v
	}
	r := Run{
		ID: id, State: State(fields["state"]), Reason: jobs.Line(fields["reason"]), Step: int(n("step")), Rows: n("rows"), Exceed: int(n("exceed")),
		Created: time.UnixMilli(n("created")).UTC(),
	}
	r.Pause = jobs.ReadPauseKind(r.State, fields["pause"], fields["reason"])
	if fields["ended"] != "" {
		r.Ended = time.UnixMilli(n("ended")).UTC()
	}
	var h head
	if err := json.Unmarshal([]byte(fields["head"]), &h); err != nil {
		return r, &UnreadableError{id, err.Error()}
	}
	if h.Version > headVersion {
		return r, &UnreadableError{id, fmt.Sprintf("it is of version %d, and this release knows %d", h.Version, headVersion)}
	}
	r.Vars, r.Local, r.Schedule, r.Simulated, r.Fingerprint = h.Vars, h.Local, h.Schedule, h.Simulated, h.Fingerprint
	var err error
	if r.Runbook, err = runbook.Decode("run "+id, h.Runbook); err != nil {
		return r, &UnreadableError{id, err.Error()}
	}
	switch {
	case r.State != jobs.Running && r.State != jobs.Paused && !r.State.Ended():
		return r, &UnreadableError{id, fmt.Sprintf("its state is %q, which this release does not know", jobs.Line(string(r.State)))}
	case n("step") < 0 || n("step") > int64(len(r.Runbook.Steps)):
		return r, &UnreadableError{id, fmt.Sprintf("it is at step %d of %d", n("step"), len(r.Runbook.Steps))}
	case n("events") > int64(len(fields)):
		return r, &UnreadableError{id, fmt.Sprintf("it counts %d events, and has %d fields", n("events"), len(fields))}
	}
	for i := range n("events") {
		var e jobs.Event
		if err := json.Unmarshal([]byte(fields["event:"+strconv.FormatInt(i+1, 10)]), &e); err != nil {
			return r, &UnreadableError{id, fmt.Sprintf("event %d: %v", i+1, err)}
		}
		r.Events = append(r.Events, e)
	}
	return r, nil
}
