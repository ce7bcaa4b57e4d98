// Package plan counts what a job would do, without doing it.
package plan

import (
	"iter"
	"time"

	"github.com/sunbulk/sunbulk/internal/phone"
	"github.com/sunbulk/sunbulk/jobs"
)

// Plan is a job in numbers, before it runs.
type Plan struct {
	Rows          int64             `json:"rows"`
	Rejected      int64             `json:"rejected"`
	Filtered      int64             `json:"filtered"` // left out by --where
	Operations    map[jobs.Op]int64 `json:"operations"`
	Channels      map[string]int64  `json:"channels"`          // creates and ensures by matchCriteria.type
	Integrations  []Integration     `json:"integrations"`      // of creates and ensures, the one with the most rows first
	Confirmations map[string]int64  `json:"confirmations"`     // creates and ensures by confirmation.type
	Messaged      int64             `json:"messaged"`          // creates and ensures that reach a real person
	People        int64             `json:"people"`            // different phone numbers and addresses that those reach
	Calls         int64             `json:"calls"`             // a list of many pages and a retry take more, an ensure of a client that is there one less
	Lookups       int64             `json:"lookups,omitempty"` // of the calls, those that read a user or a page of conversations
	Rate          float64           `json:"rate"`              // calls per second, without the reserve; 0 = no limit
	Seconds       float64           `json:"seconds"`           // that the calls take at the rate; 0 without one
	Causes        map[string]int64  `json:"rejectedCauses"`
	Samples       []Sample          `json:"rejectedSamples"`
	Rejections    []Cause           `json:"rejections"`         // by cause, the most frequent first
	Conflicts     []Conflict        `json:"conflicts"`          // by kind
	Warnings      []Cause           `json:"warnings,omitempty"` // of rows that are run all the same, the most frequent first
	Inputs        []jobs.Input      `json:"inputs"`
	Drawn         []jobs.Row        `json:"-"` // up to 20 rows from all over the input, for a check; without messages
}

// Make counts the rows of a job with these options, each row with its rejection or nil.
func Make(rows iter.Seq2[jobs.Row, *jobs.Rejection], opt jobs.Options) Plan {
	m := newMaker()
	for row, rejection := range rows {
		m.Rows++
		if rejection != nil && rejection.Filtered {
			m.Filtered++
			continue
		}
		if rejection != nil {
			m.reject(rejection)
			continue
		}
		m.count(&row)
	}
	return m.finish(opt)
}

// Number is the phone number of a row as it is sent.
type Number struct {
	Row         int64  `json:"row"`
	Line        int64  `json:"line"`
	PhoneNumber string `json:"phoneNumber"`
}

// Numbers returns the phone numbers of at most three of the rows drawn. They are no part of the plan, which is kept in files (I7).
func (p Plan) Numbers() (numbers []Number) {
	const most = 3
	for _, r := range p.Drawn {
		if r.PhoneNumber != "" && len(numbers) < most {
			numbers = append(numbers, Number{r.Number, r.Line, r.PhoneNumber})
		}
	}
	return numbers
}

// Duration is the time that the calls take at the rate.
func (p Plan) Duration() time.Duration { return time.Duration(p.Seconds * float64(time.Second)) }

// maker makes a plan, in memory that does not grow with the rows (I6).
type maker struct {
	Plan
	causes       causes
	warnings     causes
	integrations integrations
	conflicts    *conflicts
	draw         *draw
}

func newMaker() *maker {
	return &maker{
		Plan:         Plan{Operations: map[jobs.Op]int64{}, Channels: map[string]int64{}, Confirmations: map[string]int64{}, Samples: []Sample{}},
		causes:       causes{},
		warnings:     causes{},
		integrations: integrations{},
		conflicts:    newConflicts(),
		draw:         newDraw(),
	}
}

func (m *maker) count(r *jobs.Row) {
	m.Operations[r.Op]++
	m.Calls += r.Calls()
	m.Lookups += r.Lookups()
	m.draw.add(*r)
	for _, d := range r.Doubts() {
		m.warnings.count(d.Column, d.Cause, r.Number, r.Line)
	}
	if r.Messages() {
		m.Messaged++
	}
	switch {
	case r.Op.Creates():
		m.Channels[r.Type]++
		m.Confirmations[r.Confirmation]++
		if r.PhoneNumber != "" && !phone.InUse(r.PhoneNumber) {
			m.warnings.count("matchCriteria.phoneNumber", "is in no range that its country is known to use: a slip, made up, or newer than this sunbulk", r.Number, r.Line)
		}
		m.conflicts.create(r, m.integrations.count(r))
	case r.Op.Removes():
		m.conflicts.remove(r)
	}
}

func (m *maker) reject(r *jobs.Rejection) {
	m.Rejected++
	m.causes.count(r.Column, r.Cause, r.Number, r.Line)
	if len(m.Samples) < maxSamples {
		m.Samples = append(m.Samples, Sample{r.Number, r.Line, r.Column, r.Cause})
	}
}

func (m *maker) finish(opt jobs.Options) Plan {
	p := m.Plan
	p.Causes, p.Rejections = m.causes.byText(), m.causes.list()
	p.Integrations = m.integrations.list()
	p.Conflicts = m.conflicts.list()
	p.People = p.Messaged - m.conflicts.found[MessagedTwice].Count
	if len(m.warnings) > 0 {
		p.Warnings = m.warnings.list()
	}
	p.Drawn = m.draw.rows()
	if p.Rate = opt.Allowed(); p.Rate > 0 {
		p.Seconds = float64(max(0, p.Calls-int64(opt.Burst))) / p.Rate
	}
	return p
}
