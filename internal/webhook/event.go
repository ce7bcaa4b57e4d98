// Package webhook reads what the vendor's webhooks send about clients and users: events of version v2, and the link events of v1.
// What it reads is foreign: it is bounded, and what cannot be used is skipped with a reason.
package webhook

import (
	"time"

	"github.com/sunbulk/sunbulk/jobs"
)

// Event is what one event says of one client.
type Event struct {
	ID   string // with Type it is the same in a repetition; empty in v1
	Type string
	App  string    // id; empty where the payload names none
	At   time.Time // when it happened; zero in v1

	Client       string   // id; empty in v1, and of a merge that names no clients
	Users        []string // ids by which the user is known: the API's, and the external one
	Channel      string   // type of the client, such as whatsapp
	Integration  string
	Conversation string // of a link that is begun for one; empty where none is named

	Link   jobs.Observation // what it says of the client; no State where it says nothing of one
	Linked bool             // the client was just made by a link
	Merge  bool             // the user was merged away

	Place string `json:"-"` // where it is kept; empty elsewhere
}

// Skip says why a payload, or an event of it, was not used.
type Skip string

// The reasons to skip.
const (
	NotJSON     Skip = "not_json"     // the payload is no JSON object
	TooLarge    Skip = "too_large"    // the payload, or its number of events, is beyond what the vendor sends
	NoEvent     Skip = "no_event"     // the object is no payload of a webhook
	OtherType   Skip = "other_type"   // the event is not about links, such as a message
	NoClient    Skip = "no_client"    // the event does not say which client it is about
	NoTime      Skip = "no_time"      // its time cannot be read
	OtherReason Skip = "other_reason" // a client came by a login, or by a reason that this release does not know
	OtherApp    Skip = "other_app"    // the app of the event is another
)

// Harmless tells reasons that come with an ordinary webhook from those that say that something was not understood.
func (s Skip) Harmless() bool { return s == OtherType || s == OtherReason || s == OtherApp }

// Bounds of a payload.
const (
	MaxPayload = 1 << 20 // bytes
	maxEvents  = 10_000  // in one payload
	maxText    = 1024    // bytes of an id
)

// Triggers returns the types of events by which links are followed.
func Triggers() []string {
	return []string{"client:add", "client:update", "client:remove", "user:merge"}
}
