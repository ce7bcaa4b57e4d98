package jobs

import (
	"encoding/json"
	"strconv"
	"time"
)

// Event is something that was done to a job while it ran. The times that a Job has itself (made,
// started, ended) are no events.
type Event struct {
	At     time.Time `json:"at"`
	Who    string    `json:"who"`            // such as ann@host; empty when sunbulk did it by itself
	What   string    `json:"what"`           // the command, as in the constants, or any other word for people
	Kind   PauseKind `json:"kind,omitempty"` // of EventPause
	Reason string    `json:"reason,omitempty"`
	Rate   string    `json:"rate,omitempty"` // of EventRate: calls per second, max, or auto for the job's own again
}

// UnmarshalJSON reads an event so that it can be shown: each text of it is a part of one line.
func (e *Event) UnmarshalJSON(data []byte) error {
	type plain Event
	err := json.Unmarshal(data, (*plain)(e))
	e.Who, e.What, e.Reason, e.Rate, e.Kind = Line(e.Who), Line(e.What), Line(e.Reason), Line(e.Rate), PauseKind(Line(string(e.Kind)))
	if e.What == EventPause && e.Kind == "" {
		e.Kind = OldPauseKind(e.Reason)
	}
	return err
}

// Pause is a time in which a job made no calls because somebody or something asked it to.
type Pause struct {
	From, To time.Time
	Reason   string
}

// AllowedAt is the rate that the events and the options allow at a time, in calls per second; 0 = no limit.
func (j Job) AllowedAt(at time.Time) float64 {
	allowed := j.Options.Allowed()
	for _, e := range j.Events {
		if e.What != EventRate || e.At.After(at) {
			continue
		}
		switch rate, err := strconv.ParseFloat(e.Rate, 64); {
		case err == nil:
			allowed = rate
		case e.Rate == "max":
			allowed = j.Options.Rate
		default:
			allowed = j.Options.Allowed()
		}
	}
	return allowed
}

// Pauses returns those that the events tell. One that nothing ended lasts until the end.
func Pauses(events []Event, end time.Time) []Pause {
	var all []Pause
	open := false
	for _, e := range events {
		switch {
		case e.What == EventPause && !open:
			all = append(all, Pause{From: e.At, To: end, Reason: e.Reason})
			open = true
		case open && (e.What == EventResume || e.What == EventCancel):
			all[len(all)-1].To = e.At
			open = false
		}
	}
	return all
}

// What is done to a job, in the words of the command line.
const (
	EventPause   = "pause"
	EventResume  = "resume"
	EventCancel  = "cancel"
	EventMend    = "mend"    // rows of a finished job without an outcome are queued again
	EventChange  = "change"  // of options, as the reason tells
	EventRetry   = "retry"   // of failed rows: of the job that has them, and of the one that runs them again
	EventApprove = "approve" // of the plan that the job was made of
	EventStart   = "start"   // of that plan
	EventRate    = "rate"    // of its app, set by hand or left to the job again
)
