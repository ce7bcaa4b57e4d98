package worker

import "github.com/sunbulk/sunbulk/jobs"

// Kinds of calls besides those that are named after their operation: creates and removes of clients, and lists of them.
const (
	readUser          jobs.Op = "read-user"
	makeUser          jobs.Op = "make-user"
	listConversations jobs.Op = "list-conversations" // a page of those of a user
	makeConversation  jobs.Op = "make-conversation"
	listIntegrations  jobs.Op = "list-integrations" // a page of those of the app
)

// isRead tells a call that changes nothing: it may be repeated, and can be a look.
func isRead(kind jobs.Op) bool { return kind == jobs.List || isLookup(kind) }

// isLookup tells a read of a user, of conversations or of integrations.
func isLookup(kind jobs.Op) bool {
	return kind == readUser || kind == listConversations || kind == listIntegrations
}

// makes tells a call that must not be sent again before it is known what became of it (I2).
func makes(kind jobs.Op) bool {
	return kind == jobs.Create || kind == makeUser || kind == makeConversation
}
