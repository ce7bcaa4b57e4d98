// Package plan counts what a job would do, without doing it.
package plan

import (
	"iter"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
)

// Plan is a job in numbers, before it runs.
type Plan struct {
	Rows          int64             `json:"rows"`
	Rejected      int64             `json:"rejected"`
	Operations    map[jobs.Op]int64 `json:"operations"`
	Channels      map[string]int64  `json:"channels"`      // creates by matchCriteria.type
	Confirmations map[string]int64  `json:"confirmations"` // creates by confirmation.type
	Messaged      int64             `json:"messaged"`      // creates that reach a real person
	Calls         int64             `json:"calls"`         // at least: a list of many pages and a retry take more
	Seconds       float64           `json:"seconds"`       // that the calls take at the rate; 0 without one
	Causes        map[string]int64  `json:"rejectedCauses"`
	Samples       []Sample          `json:"rejectedSamples"`
	Inputs        []jobs.Input      `json:"inputs"`
}

// Sample is one of the first rejected rows.
type Sample struct {
	Row    int64  `json:"row"`
	Line   int64  `json:"line"`
	Column string `json:"column,omitempty"`
	Cause  string `json:"cause"`
}

const (
	maxSamples = 10
	maxCauses  = 100 // distinct ones that are counted apart
)

// otherCauses counts rejections whose cause is not among the first maxCauses.
const otherCauses = "other causes"

// Make counts the rows, each with its rejection or nil. rate is in calls per second, 0 = no limit.
func Make(rows iter.Seq2[jobs.Row, *jobs.Rejection], rate float64) Plan {
	p := Plan{Operations: map[jobs.Op]int64{}, Channels: map[string]int64{}, Confirmations: map[string]int64{}, Causes: map[string]int64{}, Samples: []Sample{}}
	for row, rejection := range rows {
		p.Rows++
		if rejection != nil {
			p.reject(rejection)
			continue
		}
		p.count(&row)
	}
	if rate > 0 {
		p.Seconds = float64(p.Calls) / rate
	}
	return p
}

// Duration is the time that the calls take at the rate.
func (p Plan) Duration() time.Duration { return time.Duration(p.Seconds * float64(time.Second)) }

func (p *Plan) count(r *jobs.Row) {
	p.Operations[r.Op]++
	p.Calls++
	if r.Op == jobs.Create {
		p.Channels[r.Type]++
		p.Confirmations[r.Confirmation]++
	}
	if r.Messages() {
		p.Messaged++
	}
}

func (p *Plan) reject(r *jobs.Rejection) {
	p.Rejected++
	cause := r.Cause
	if r.Column != "" {
		cause = r.Column + ": " + cause
	}
	if _, known := p.Causes[cause]; !known && len(p.Causes) >= maxCauses {
		cause = otherCauses
	}
	p.Causes[cause]++
	if len(p.Samples) < maxSamples {
		p.Samples = append(p.Samples, Sample{r.Number, r.Line, r.Column, r.Cause})
	}
}
