// Package webhook reads what the vendor's webhooks send about clients and users: events of version v2, and the link events of v1.
// What it reads is foreign: it is bounded, and what cannot be used is skipped with a reason.
package webhook

import (
	"slices"
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
	Into   []string         // ids of the user that a merged one was merged into

	Place string `json:"-"` // where it is kept; empty elsewhere
}

// MayBeOf tells whether the event can be about the client of a row's create, by what the row says: user, channel, integration and conversation. Found is the
// conversation that was found or made for the row; where that is empty, it is the one that the row names by its id, else it is not known.
func (e *Event) MayBeOf(r *jobs.Row, found string) bool {
	conversation := found
	if conversation == "" && !r.FindsConversation() {
		conversation = r.ConversationID
	}
	return slices.Contains(e.Users, r.User) && e.Channel == r.Type && (e.Integration == r.IntegrationID || e.v1()) &&
		(e.Conversation == conversation || e.Conversation == "" || conversation == "")
}

// v1 tells whether the event names no client because that version does not.
func (e *Event) v1() bool { return e.Client == "" && !e.Merge }

// OfLink tells whether the event is about a link that a create began: the vendor names the conversation in those alone.
func (e *Event) OfLink() bool { return e.Conversation != "" || e.v1() }

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
