package jobs

import (
	"fmt"
	"time"
)

// Rollback is a time at which the job's Redis went back, or may have: it was failed over, or started with older data.
type Rollback struct {
	At        time.Time `json:"at"`        // when it was noticed
	NoticedBy string    `json:"noticedBy"` // the worker that noticed it first
	Writes    int64     `json:"writes"`    // that were confirmed to workers and are gone, as those say that still run
	Batches   int64     `json:"batches"`   // whose creates are looked for before they are sent
	Silent    int64     `json:"silent"`    // workers that could not say what was confirmed to them
}

// String says what happened, for people.
func (r Rollback) String() string {
	silent := "a worker that is gone could"
	if r.Silent > 1 {
		silent = fmt.Sprintf("%d workers that are gone could", r.Silent)
	}
	switch {
	case r.Writes == 0 && r.Silent == 0:
		return "Redis lost writes"
	case r.Writes == 0:
		return "Redis was failed over or restarted and may have lost writes: " + silent + " not say what it had confirmed; what they may have called is looked for before it is sent"
	}
	text := fmt.Sprintf("Redis went back: %d writes that it had confirmed are gone; what the workers opened meanwhile (%d batches) is looked for before it is sent", r.Writes, r.Batches)
	if r.Silent > 0 {
		text += "; " + silent + " not say what it had confirmed"
	}
	return text
}
