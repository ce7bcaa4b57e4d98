package suncotest

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/sunbulk/sunbulk/sunco"
)

// Webhook is where and how the simulated API sends what becomes of clients: client:add when one is created, client:update or client:remove
// when its link has settled, and client:remove when it is taken or removed later;
// user:merge when its user is merged away. A share is the part of the events that meet the fault, 0 to 1.
// In JSON, durations are strings such as "15s".
type Webhook struct {
	// Target is a URL. Default: the webhooks of custom integrations that calls have made, each with its secret and triggers.
	Target string `json:"target,omitempty"`
	// Secret is the X-API-Key of calls on Target.
	Secret string `json:"secret,omitempty"`
	// App is the id of the app in the payloads. Default: that of the call that they are about.
	App string `json:"app,omitempty"`
	// V1 sends link:match, link:success and link:failure of v1, and nothing of what that version does not report.
	V1 bool `json:"v1,omitempty"`
	// Window is the time of an event's five attempts; the gap between them doubles. The vendor takes 15 minutes. Default: 1.5 s.
	Window time.Duration `json:"-"`
	// LateBy is how long late events are held back. Default: 300 ms.
	LateBy time.Duration `json:"-"`
	// Early are sent before the call that they are about is answered.
	Early float64 `json:"early,omitempty"`
	// Twice are sent a second time after they were taken.
	Twice float64 `json:"twice,omitempty"`
	// Late are held back for LateBy, so that later ones may overtake them.
	Late float64 `json:"late,omitempty"`
	// Swapped is the share of clients whose client:add is sent after what became of their link.
	Swapped float64 `json:"swapped,omitempty"`
	// Dropped are never sent.
	Dropped float64 `json:"dropped,omitempty"`
	// WrongKey are preceded by a call of somebody who does not know the secret, and says the opposite.
	WrongKey float64 `json:"wrongKey,omitempty"`
}

const (
	defaultWindow = 1500 * time.Millisecond
	defaultLateBy = 300 * time.Millisecond
	maxWindow     = 15 * time.Minute
)

// WebhookStats counts what was sent to webhooks.
type WebhookStats struct {
	Events   int64 `json:"events"`             // that there were, dropped ones too
	Attempts int64 `json:"attempts"`           // calls with the right key
	Taken    int64 `json:"taken"`              // calls that were answered 2xx, of both keys
	Dropped  int64 `json:"dropped,omitempty"`  // events that were never sent
	GivenUp  int64 `json:"givenUp,omitempty"`  // events that no attempt brought to the target
	WrongKey int64 `json:"wrongKey,omitempty"` // calls with a wrong key
	// WrongKeyTaken are calls with a wrong key that were answered 2xx.
	WrongKeyTaken int64 `json:"wrongKeyTaken,omitempty"`
	// Open are events that are on their way, or wait for the time at which they happen.
	Open int64 `json:"open"`
}

type plainWebhook Webhook

// webhookJSON writes the durations of a Webhook for people.
type webhookJSON struct {
	*plainWebhook
	Window duration `json:"window,omitempty"`
	LateBy duration `json:"lateBy,omitempty"`
}

// MarshalJSON leaves out what is zero.
func (h Webhook) MarshalJSON() ([]byte, error) {
	return json.Marshal(webhookJSON{(*plainWebhook)(&h), duration(h.Window), duration(h.LateBy)})
}

// UnmarshalJSON refuses unknown names and impossible values.
func (h *Webhook) UnmarshalJSON(data []byte) error {
	var read Webhook
	in := webhookJSON{plainWebhook: (*plainWebhook)(&read)}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&in); err != nil {
		return err
	}
	read.Window, read.LateBy = time.Duration(in.Window), time.Duration(in.LateBy)
	if err := read.Check(); err != nil {
		return err
	}
	*h = read
	return nil
}

// Check returns a *KnobError for the first field that has an impossible value, or nil.
func (h *Webhook) Check() error {
	for _, s := range []struct {
		name  string
		share float64
	}{{"early", h.Early}, {"twice", h.Twice}, {"late", h.Late}, {"swapped", h.Swapped}, {"dropped", h.Dropped}, {"wrongKey", h.WrongKey}} {
		if !(s.share >= 0 && s.share <= 1) { // nor is it NaN
			return &KnobError{"webhook." + s.name, "is not in 0 to 1"}
		}
	}
	switch {
	case h.Target != "" && !isWebhook(sunco.WebhookCreate{Target: h.Target, Triggers: []string{"client:add"}}):
		return &KnobError{"webhook.target", "is not a URL"}
	case h.Window < 0 || h.Window > maxWindow:
		return &KnobError{"webhook.window", "is not in 0 to 15m"}
	case h.LateBy < 0 || h.LateBy > time.Hour:
		return &KnobError{"webhook.lateBy", "is not in 0 to 1h"}
	}
	return nil
}

// SetWebhook changes where and how events are sent, for clients that are created or removed later; nil = nobody gets any.
func (s *Server) SetWebhook(h *Webhook) { s.webhook.Store(h) }

// Webhook returns where and how events are sent; nil when they are not.
func (s *Server) Webhook() *Webhook { return s.webhook.Load() }

// WebhookStats counts the events so far.
func (s *Server) WebhookStats() WebhookStats {
	m := &s.events
	return WebhookStats{
		Events: m.events.Load(), Attempts: m.attempts.Load(), Taken: m.taken.Load(), Dropped: m.dropped.Load(), GivenUp: m.givenUp.Load(),
		WrongKey: m.wrongKey.Load(), WrongKeyTaken: m.wrongKeyTaken.Load(), Open: m.open.Load(),
	}
}
