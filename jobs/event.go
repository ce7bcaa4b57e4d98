package jobs

import "time"

// Event is something that was done to a job while it ran. The times that a Job has itself (made,
// started, ended) are no events.
type Event struct {
	At     time.Time `json:"at"`
	Who    string    `json:"who"`  // such as ann@host; empty when sunbulk did it by itself
	What   string    `json:"what"` // the command, as in the constants, or any other word for people
	Reason string    `json:"reason,omitempty"`
}

// What is done to a job, in the words of the command line.
const (
	EventPause  = "pause"
	EventResume = "resume"
	EventCancel = "cancel"
)
