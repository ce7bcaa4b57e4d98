package notify

import (
	"fmt"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
)

// Event is what a notice is about.
type Event string

// The events. Each pause and each stall of a job is one of its own.
const (
	Finished  Event = "finished"
	Cancelled Event = "cancelled"
	Paused    Event = "paused"
	Stalled   Event = "stalled" // it runs, and no row got its outcome for long

	RolledBack Event = "rolled_back" // its Redis went back, or may have
	NotStarted Event = "not_started" // a schedule started no run
)

// Events returns all events of which there are notices.
func Events() []Event { return []Event{Finished, Cancelled, Paused, Stalled, RolledBack, NotStarted} }

// Notice is one event of a job, or of a run of a runbook, as its receiver gets it, in JSON. It names no
// person (I7).
type Notice struct {
	ID     string         `json:"id"` // the same at each attempt to deliver it
	Event  Event          `json:"event"`
	At     time.Time      `json:"at"` // of the event
	Job    string         `json:"job,omitempty"`
	App    string         `json:"app"`
	State  jobs.State     `json:"state,omitempty"` // now: a paused job may run again
	Reason string         `json:"reason"`
	Rows   jobs.Tally     `json:"rows"` // now
	Times  Times          `json:"times"`
	Hint   string         `json:"hint"`                // what to run next
	Kind   jobs.PauseKind `json:"pauseKind,omitempty"` // of a pause

	Links  jobs.Links `json:"links,omitzero"`          // that its creates made, now; left out without any
	Silent bool       `json:"webhookSilent,omitempty"` // links are pending, and no event of the app's webhook has come for 20 minutes

	Simulated bool `json:"simulated,omitempty"` // nothing was done

	Run      string `json:"run,omitempty"` // of the job, or the one that it is about
	Runbook  string `json:"runbook,omitempty"`
	Step     string `json:"step,omitempty"` // of the job
	Schedule string `json:"schedule,omitempty"`

	owner string // id of the job or the run, where the ledger keeps what is owed
	key   string // of the event in it
}

// what says what owner is the id of.
func (n *Notice) what() string {
	if n.Job == "" {
		return "run"
	}
	return "job"
}

// Times are those of the job. Those that have not come yet are left out.
type Times struct {
	Created  time.Time `json:"created"`
	Started  time.Time `json:"started,omitzero"`
	Finished time.Time `json:"finished,omitzero"`
}

func newNotice(job jobs.Job, event Event, key string, at time.Time, reason string) Notice {
	return Notice{
		ID: job.ID + ":" + key, Event: event, At: at.UTC(), Job: job.ID, App: job.Options.App, State: job.State, Reason: reason,
		Rows: job.Tally, Links: job.Links, Times: Times{job.Created, job.Started, job.Finished}, owner: job.ID, key: key, Simulated: job.Options.Simulated,
		Run: job.Options.Run, Runbook: job.Options.Runbook, Step: job.Options.Step,
	}
}

// hint says what to run next. The commands that take a job's id need a Redis, which an embedded run
// does not have.
func hint(job jobs.Job, event Event, embedded bool) string {
	failed := event == Finished && job.Tally.Failed > 0
	switch {
	case event == Paused && job.Options.Run != "":
		return fmt.Sprintf("mend the cause, then 'sunbulk runbook resume %s'", job.Options.Run)
	case event == Paused && embedded:
		return "mend the cause, then run the same command again"
	case event == Paused:
		return fmt.Sprintf("mend the cause, then 'sunbulk resume %s'", job.ID)
	case event == Stalled && embedded:
		return "the run's own progress line tells where it stands"
	case event == Stalled:
		return fmt.Sprintf("'sunbulk status %s' tells where it stands", job.ID)
	case event == RolledBack:
		return fmt.Sprintf("'sunbulk status %s' tells what was lost; a pause, resume, cancel or rate of that time may be lost, too: repeat it", job.ID)
	case failed && embedded:
		return "its report tells the causes; run failed.csv of it once they are gone"
	case failed:
		return fmt.Sprintf("'sunbulk report %[1]s' tells the causes; 'sunbulk retry %[1]s' makes a job of the failed rows", job.ID)
	case embedded:
		return "its report tells what became of every row"
	}
	return fmt.Sprintf("'sunbulk report %s' tells what became of every row", job.ID)
}

// transitions are the notices of what a job has gone through. A pause by its window is no news.
func transitions(job jobs.Job) []Notice {
	var all []Notice
	for i, e := range job.Events {
		if e.What == jobs.EventPause && e.Kind != jobs.PauseWindow {
			n := newNotice(job, Paused, fmt.Sprintf("%s:%d", Paused, i+1), e.At, e.Reason)
			n.Kind = e.Kind
			all = append(all, n)
		}
	}
	for _, r := range job.Rollbacks {
		all = append(all, newNotice(job, RolledBack, fmt.Sprintf("%s:%d", RolledBack, r.At.UnixMilli()), r.At, r.String()))
	}
	switch job.State {
	case jobs.Finished:
		all = append(all, newNotice(job, Finished, string(Finished), job.Finished, ""))
	case jobs.Cancelled:
		all = append(all, newNotice(job, Cancelled, string(Cancelled), job.Finished, job.Reason))
	}
	return all
}
