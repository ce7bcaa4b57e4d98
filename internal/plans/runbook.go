package plans

import (
	"encoding/json"

	"github.com/sunbulk/sunbulk/internal/preview"
)

// Runbook is what a run would do.
type Runbook struct {
	File    string                `json:"file"`
	Name    string                `json:"name"`
	Text    json.RawMessage       `json:"text"` // as Decode reads it, without its input
	Vars    map[string]string     `json:"vars,omitempty"`
	Steps   []preview.PlannedStep `json:"steps"`
	Calls   int64                 `json:"calls"`
	Seconds float64               `json:"seconds"`
	Open    bool                  `json:"open,omitempty"`    // how many rows go on is for the API to say
	Sampled bool                  `json:"sampled,omitempty"` // rows and calls are those of a sample, scaled up
	Caps    string                `json:"caps,omitempty"`    // why it is not begun; empty = no cap is exceeded

	// At most: of all steps that are behind no list. What comes out of a list nobody knows before.
	Changes int64 `json:"changes"`
	Removes int64 `json:"removes"`
	People  int64 `json:"people"`
	Unknown bool  `json:"unknown,omitempty"` // a step behind a list changes something
}

// Unknown tells whether nobody knows how many rows would be changed.
func (p Plan) Unknown() bool { return p.Runbook != nil && p.Runbook.Unknown }

// People is how many people would get a message.
func (p Plan) People() int64 {
	if p.Runbook != nil {
		return p.Runbook.People
	}
	return p.Made.People
}
