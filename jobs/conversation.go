package jobs

// Words that stand for the id of a conversation of the user, which is looked up before it is needed.
const (
	DefaultConversation = "default" // the user's default conversation
	OnlyConversation    = "only"    // the one conversation that there is
	LatestConversation  = "latest"  // the one with the greatest lastUpdatedAt
)

// FindsConversation tells whether the row names its conversation by a word.
func (r *Row) FindsConversation() bool {
	return r.ConversationID == DefaultConversation || r.ConversationID == OnlyConversation || r.ConversationID == LatestConversation
}

// Lookups is how many of the row's Calls read a user or a page of conversations. A user of a brand is read first, since
// conversations are listed by the user's id alone.
func (r *Row) Lookups() int64 {
	n := r.Op.operation().Lookups
	if r.FindsConversation() {
		n++
	}
	if n > 0 && r.BrandID != "" {
		n++
	}
	return n
}

// Calls is how many calls the row takes at most, without retries.
func (r *Row) Calls() int64 {
	o := r.Op.operation()
	calls := o.Calls - o.Lookups + r.Lookups()
	if r.replaces() {
		calls++ // a list
	}
	return calls
}
