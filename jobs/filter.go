package jobs

import "time"

// Filter says which rows, or which clients of those that lists find, a job is about. Its texts are
// the operator's, and are shown in reports.
type Filter struct {
	Where string `json:"where,omitempty"` // a condition as package expression has it; empty = all
	Vars  string `json:"vars,omitempty"`  // its variables: a JSON object of texts
	Now   string `json:"now,omitempty"`   // RFC 3339; empty = when the job was created
}

// LeftOut is the detail of a noop for a row that a filter left out, and that was never queued.
const LeftOut = "filtered"

// Time is the time from which the expressions of a job that was created then count ages: the same
// whenever, and however often, its input is read (I9).
func (f Filter) Time(created time.Time) time.Time {
	if t, err := time.Parse(time.RFC3339, f.Now); err == nil {
		return t
	}
	return created.Truncate(time.Millisecond) // which is what a ledger keeps of it
}
