// Package runbook is a sequence of operations in one file that a colleague can review: a migration,
// a cleanup, a backfill. Each step is a job; the rows that came through one step are the next step's
// input. The package knows what a runbook says, not where its runs are kept.
package runbook

import (
	"slices"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
)

// Runbook is one file. Its names in YAML and JSON are the tags; its JSON is read by Parse and Decode. The zero value of a field that is not
// given means what the flag of that name has as its default.
type Runbook struct {
	Name         string             `json:"name"` // also of its schedule: letters, digits, - and _, at most 60
	Description  string             `json:"description,omitempty"`
	App          string             `json:"app,omitempty"`           // else --app
	Input        []string           `json:"input,omitempty"`         // as FILE of a command; --input takes its place
	Map          map[string]string  `json:"map,omitempty"`           // column → path, as --map
	Delimiter    string             `json:"delimiter,omitempty"`     // as --delimiter
	Encoding     string             `json:"encoding,omitempty"`      // as --encoding
	Sheet        string             `json:"sheet,omitempty"`         // as --sheet
	PhoneCountry string             `json:"phone_country,omitempty"` // as --phone-country
	Vars         map[string]*string `json:"vars,omitempty"`          // nil = must be given by --var
	Limits                          // of all steps
	Reserve      string             `json:"reserve,omitempty"`  // as --reserve
	Priority     string             `json:"priority,omitempty"` // as --priority
	Rate         *float64           `json:"rate,omitempty"`     // as --rate
	Burst        int                `json:"burst,omitempty"`
	Batch        int                `json:"batch,omitempty"`
	Window       string             `json:"window,omitempty"`
	Timezone     string             `json:"timezone,omitempty"` // of the window, and of the schedule
	Steps        []Step             `json:"steps"`
	Caps         Caps               `json:"caps,omitzero"`
	Notify       []string           `json:"notify,omitempty"` // which events are reported, of Events; nil = all
	Schedule     *Schedule          `json:"schedule,omitempty"`

	file   string           // that it was read from
	places map[string]place // path → where the file has it; nil when it was not parsed
}

// Step is one operation on every row that came through the step before.
type Step struct {
	Name   string            `json:"name"` // letters, digits, - and _; the operation when not given
	Op     jobs.Op           `json:"op"`
	Where  string            `json:"where,omitempty"` // of a list: the found clients that go on; else the rows that are called
	Set    map[string]string `json:"set,omitempty"`   // path → value, as --set
	Limits                   // in place of those of the runbook
}

// Calls is how many calls a row of a step takes at most, without retries.
func (r *Runbook) Calls(step int) int64 {
	s := &r.Steps[step]
	row := jobs.Row{Op: s.Op, ConversationID: s.Set["target.conversationId"], BrandID: s.Set["brandId"]}
	if slices.ContainsFunc(r.Steps[:step], func(before Step) bool { return before.Op.Creates() }) {
		row.Carry = jobs.Carry{Cells: []jobs.Cell{{Name: jobs.CreatedID, Value: "any"}}}.Encode()
	}
	return row.Calls()
}

// Limits are the options that each step may have for itself.
type Limits struct {
	Attempts    int       `json:"attempts,omitempty"`
	Timeout     Duration  `json:"timeout,omitempty"`
	Within      *Duration `json:"within,omitempty"`       // of a verify
	MaxFailures string    `json:"max_failures,omitempty"` // as --max-failures
	Resend      string    `json:"resend,omitempty"`       // as --resend
	Canary      *Canary   `json:"canary,omitempty"`
}

// Canary is the rows of a step that run before its others. A number alone is its rows.
type Canary struct {
	Rows int       `json:"rows"`
	Wait *Duration `json:"wait,omitempty"`
}

// Caps are what a run may not exceed: it pauses before it does. Zero and empty mean no cap.
type Caps struct {
	MaxRows    int64  `json:"max_rows,omitempty"`    // of the input
	MaxRemoves int64  `json:"max_removes,omitempty"` // of all remove steps
	MaxShare   string `json:"max_share,omitempty"`   // of removes for each row of the input, such as 10%
	MinRows    int64  `json:"min_rows,omitempty"`    // of the input
	MaxShrink  string `json:"max_shrink,omitempty"`  // of the input since the last run that finished, such as 50%
}

// Schedule says when a runbook is run by itself.
type Schedule struct {
	Cron            string   `json:"cron"` // five fields, or @daily and the like
	Timezone        string   `json:"timezone,omitempty"`
	Jitter          Duration `json:"jitter,omitempty"`   // each slot starts up to so much later
	Overlap         string   `json:"overlap,omitempty"`  // skip (default), wait or cancel_running
	CatchUp         Duration `json:"catch_up,omitempty"` // a slot that was missed for longer is skipped; default 1h
	Exclude         []string `json:"exclude,omitempty"`  // dates, 2026-12-25, or ranges, 2026-12-24..2027-01-06
	Paused          bool     `json:"paused,omitempty"`   // when it is applied first
	AllowUnfiltered bool     `json:"allow_unfiltered,omitempty"`
}

// Duration is a time.Duration that is written as text, such as 90s or 2h.
type Duration time.Duration

// MarshalText writes the duration as Parse reads it.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }
