package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
)

// Summary is a job in numbers: the shape that summary.json and status share. It names rows, never
// people (I7).
type Summary struct {
	Job         string          `json:"job"`
	State       jobs.State      `json:"state"`
	Reason      string          `json:"reason"`
	Pause       jobs.PauseKind  `json:"pauseKind,omitempty"`     // why it is paused, for programs
	Abandoned   time.Time       `json:"abandonedSince,omitzero"` // since when nobody queues the rows that it lacks
	App         string          `json:"app"`
	Simulated   bool            `json:"simulated,omitempty"` // nothing was really done
	Origin      jobs.Origin     `json:"origin,omitzero"`     // the step of a runbook of which the job is
	Options     Options         `json:"options"`
	Changes     []jobs.Event    `json:"changes,omitempty"`   // of the options while the job stood, and of the rate by hand
	Rollbacks   []jobs.Rollback `json:"rollbacks,omitempty"` // of its Redis
	Rows        jobs.Tally      `json:"rows"`
	Creates     int64           `json:"creates,omitempty"`          // rows of that operation that are ok or in doubt; counted by Write
	Duplicates  int64           `json:"duplicates,omitempty"`       // of the rejected: an earlier row does the same; counted by Write
	Links       jobs.Links      `json:"links,omitzero"`             // that creates left; counted by Write
	Taken       int64           `json:"takenFromOthers,omitempty"`  // clients that users outside the job lost meanwhile, by events
	Merged      int64           `json:"mergedFromOthers,omitempty"` // users outside the job that were merged into its users meanwhile, by events
	Filtered    int64           `json:"filtered"`                   // of the noop: left out by --where, and never called
	Calls       Calls           `json:"calls"`
	LatencyMs   jobs.Histogram  `json:"latencyMs"` // p50, p95 and p99
	Causes      []Cause         `json:"causes"`    // the most frequent first
	Inputs      []jobs.Input    `json:"inputs"`
	Fingerprint string          `json:"fingerprint,omitempty"` // of the inputs and of how they were read
	Times       Times           `json:"times"`
	AddsUp      bool            `json:"addsUp"`             // I1 and I3 hold
	Mismatch    string          `json:"mismatch,omitempty"` // why they do not, for people
}

// Calls counts requests to the API.
type Calls struct {
	Total     int64 `json:"total"`
	Retries   int64 `json:"retries"`
	Throttled int64 `json:"throttled"` // answers 429
	Looks     int64 `json:"looks"`
	Lookups   int64 `json:"lookups,omitempty"` // reads of users and of their conversations
}

// Cause is one reason for which rows failed or are in doubt, and its share of all such rows, 0 to 1.
type Cause struct {
	Code    string  `json:"code"`
	Count   int64   `json:"count"`
	Share   float64 `json:"share"`
	Row     int64   `json:"sampleRow"`
	Error   string  `json:"sampleError,omitempty"`
	Advice  string  `json:"advice"`            // what to do about it
	Retry   string  `json:"retry,omitempty"`   // the command that runs its rows again, for who knows that the job is on a Redis
	TakenBy string  `json:"takenBy,omitempty"` // the job that runs its rows again
}

// Times tells when a job was made, when its first batch was opened and when it ended. Those that
// have not come yet are left out.
type Times struct {
	Created         time.Time `json:"created,omitzero"`
	Started         time.Time `json:"started,omitzero"`
	Finished        time.Time `json:"finished,omitzero"`
	DurationSeconds float64   `json:"durationSeconds,omitzero"` // from Started to Finished
}

// Summarize returns the job in numbers, as its own counters have them.
func Summarize(job jobs.Job) Summary {
	o, st := job.Options, job.Stats
	s := Summary{
		Job: job.ID, State: job.State, Reason: job.Reason, Pause: job.Pause, Abandoned: job.Abandoned, App: o.App, Simulated: o.Simulated, Origin: o.Origin,
		Options:     Options{Options: o},
		Rollbacks:   job.Rollbacks,
		Rows:        job.Tally,
		Filtered:    job.Filtered,
		Links:       job.Links,
		Taken:       job.Taken,
		Merged:      job.Merged,
		Calls:       Calls{Total: st.Calls, Retries: st.Retries, Throttled: st.Throttled, Looks: st.Looks, Lookups: st.Lookups},
		LatencyMs:   st.Latency,
		Causes:      rankCauses(st.Causes),
		Inputs:      append([]jobs.Input{}, job.Inputs...), // [] in JSON when there is none
		Fingerprint: job.Fingerprint,
		Times:       Times{Created: job.Created, Started: job.Started, Finished: job.Finished},
		AddsUp:      job.Tally.AddsUp(),
	}
	if !job.Started.IsZero() && !job.Finished.IsZero() {
		s.Times.DurationSeconds = job.Finished.Sub(job.Started).Round(time.Millisecond).Seconds()
	}
	for _, e := range job.Events {
		if e.What == jobs.EventChange || e.What == jobs.EventRate {
			s.Changes = append(s.Changes, e)
		}
	}
	if t := job.Tally; !s.AddsUp {
		s.Mismatch = fmt.Sprintf("the outcomes come to %s", jobs.Count(t.Settled()+t.Unprocessed, "row"))
	}
	return s
}

// Sum gives the rows as one line for people: an equation, or why it is none.
func (s Summary) Sum() string {
	t, sign, remark := s.Rows, "=", ""
	if !s.AddsUp {
		sign, remark = "≠", " ("+s.Mismatch+")"
	}
	return fmt.Sprintf("%s read %s %s ok + %s noop + %s failed + %s rejected + %s in_doubt + %s unprocessed%s",
		jobs.Count(t.Read, "row"), sign, jobs.Group(t.OK), jobs.Group(t.Noop), jobs.Group(t.Failed), jobs.Group(t.Rejected),
		jobs.Group(t.InDoubt), jobs.Group(t.Unprocessed), remark)
}

func rankCauses(causes map[string]jobs.Cause) []Cause {
	var total int64
	for _, c := range causes {
		total += c.Count
	}
	ranked := make([]Cause, 0, len(causes))
	for code, c := range causes {
		share := float64(c.Count) / float64(max(total, 1))
		ranked = append(ranked, Cause{Code: code, Count: c.Count, Share: math.Round(share*1e4) / 1e4, Row: c.Row, Error: c.Error, Advice: Advice(code)})
	}
	slices.SortFunc(ranked, func(a, b Cause) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Code, b.Code))
	})
	return ranked
}
