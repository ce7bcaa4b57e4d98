package jobs

import (
	"encoding/json"
	"slices"
	"strings"
)

// retryPrefix begins the fingerprint of a job that runs failed rows of another.
const retryPrefix = "retry:"

// Retry names failed rows of a job, which another runs again.
type Retry struct {
	Of      string   `json:"of"`
	Cause   string   `json:"cause,omitempty"`   // error code; empty = any
	Without []string `json:"without,omitempty"` // error codes whose rows other jobs have
	Unbound bool     `json:"unbound,omitempty"` // they are run whichever job has run them again before
}

// Fingerprint is that of the job that runs the rows.
func (r Retry) Fingerprint() string {
	data, _ := json.Marshal(r) // texts alone
	return retryPrefix + string(data)
}

// Holds tells whether rows of an error code are among the failed rows.
func (r Retry) Holds(code string) bool {
	return (r.Cause == "" || r.Cause == code) && !slices.Contains(r.Without, code)
}

// Retry returns the failed rows that the job runs again; ok is false when it is of another kind.
func (j Job) Retry() (r Retry, ok bool) {
	text, ok := strings.CutPrefix(j.Fingerprint, retryPrefix)
	ok = ok && json.Unmarshal([]byte(text), &r) == nil
	return r, ok
}

// RetriedBy returns the job that has taken the failed rows of an error code to run them again, or "".
func (j Job) RetriedBy(code string) string {
	if id := j.Retries[code]; id != "" {
		return id
	}
	return j.Retries[""]
}
