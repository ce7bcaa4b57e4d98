package jobs

import (
	"cmp"
	"time"
)

// LinkState is what became of a client after its create.
type LinkState string

// The states of a link. Only a pending one waits for something.
const (
	LinkPending   LinkState = "pending"   // the API took it, and looks for the person
	LinkActive    LinkState = "active"    // messages reach the person
	LinkFailed    LinkState = "failed"    // the channel found nobody, or the client was removed or blocked: the cause says which
	LinkCancelled LinkState = "cancelled" // the person said no
	LinkTaken     LinkState = "taken"     // another user has the client by now
	LinkMerged    LinkState = "merged"    // the user was merged with another, who has the client
)

// Observation is one thing that is known of a link, by a webhook's event or by a list of the user's clients.
type Observation struct {
	State LinkState
	At    time.Time // to the millisecond: when it happened, or when the list was asked for
	Cause string    // why it is not active, as code or "code: message"; what a merged one was merged into
	Gone  bool      // of a failed one: a list lacks the client, and says no more
}

// CauseBlocked is the cause of a link that is there, and whose user wants no messages.
const CauseBlocked = "blocked"

// class orders states that contradict each other whatever their times: a link that is pending goes over into any other, and of a client
// that was merged away nothing else is of interest.
func (o *Observation) class() int {
	switch o.State {
	case "":
		return 0
	case LinkPending:
		return 1
	case LinkMerged:
		return 3
	}
	return 2
}

// compare is a total order, so that the greatest of some observations does not depend on the order in which they come.
func (o *Observation) compare(than *Observation) int {
	return cmp.Or(cmp.Compare(o.class(), than.class()), cmp.Compare(o.At.UnixMilli(), than.At.UnixMilli()),
		cmp.Compare(letterOf(o), letterOf(than)), cmp.Compare(o.Cause, than.Cause))
}

// Link is all that is known of a row's link. The zero Link knows nothing. Observations may come late, twice and in any order: what is
// known in the end is the same.
type Link struct {
	last    Observation // the greatest
	removal Observation // the greatest that says why the client was removed
	Client  string      // id of a client that was found to be that of a create in doubt
}

// Observe adds an observation.
func (l *Link) Observe(o Observation) {
	o.At = o.At.Truncate(time.Millisecond).UTC()
	l.last = later(l.last, o)
	switch o.State {
	case LinkFailed, LinkCancelled, LinkTaken:
		if !o.Gone {
			l.removal = later(l.removal, o)
		}
	}
}

// Join adds all that another Link of the same row knows.
func (l *Link) Join(other Link) {
	l.last, l.removal = later(l.last, other.last), later(l.removal, other.removal)
	l.Adopt(other.Client)
}

// Known tells whether anything is known of the link beside the answer to its create.
func (l *Link) Known() bool { return l.last.State != "" }

// Adopt notes the client of a create in doubt. Of two the one that sorts first is kept.
func (l *Link) Adopt(client string) {
	if l.Client == "" || client != "" && client < l.Client {
		l.Client = client
	}
}

// Now returns what is known in the end. A list that lacks the client does not hide why it was removed.
func (l *Link) Now() Observation {
	if l.last.Gone && l.removal.State != "" {
		return l.removal
	}
	return l.last
}

func later(a, b Observation) Observation {
	if a.compare(&b) < 0 {
		return b
	}
	return a
}

// Made returns what the answer to a create or an ensure said of the link that it left; false where it left none that is known.
func (o *Outcome) Made() (made Observation, ok bool) {
	if o.ClientID == "" || !o.Kind.Done() || !o.Row.Op.Creates() {
		return made, false
	}
	switch state := LinkState(o.ClientStatus); state {
	case LinkPending, LinkActive:
		return Observation{State: state, At: o.FinishedAt}, true
	}
	return made, false
}

// Settle puts what is known of the row's link into the outcome. A create in doubt whose client is known is ok.
func (o *Outcome) Settle(known Link) {
	if known.Client != "" && o.Kind == InDoubt && o.Row.Op.Creates() {
		o.Kind, o.ClientID, o.ClientStatus, o.ErrorCode, o.Error, o.Detail = OK, known.Client, string(LinkPending), "", "", AdoptedByEvent
	}
	if made, ok := o.Made(); ok {
		known.Observe(made)
		o.Link = known.Now()
	}
}

// Verification returns the verify that asks what became of the client of a create, once it is known what was known of it: false where its end is.
// The row has the number of the create.
func (o *Outcome) Verification() (Row, bool) {
	open := o.Link.State == "" || o.Link.State == LinkPending
	if !open || o.ClientID == "" || !o.Kind.Done() || !o.Row.Op.Creates() {
		return Row{}, false
	}
	return Row{Number: o.Row.Number, Line: o.Row.Line, Op: Verify, User: o.Row.User, BrandID: o.Row.BrandID, ClientID: o.ClientID}, true
}

// AdoptedByEvent is the Detail of a create that ended in doubt and that an event has settled since.
const AdoptedByEvent = "adopted: an event names the client that it made"

// SettledSince tells whether the outcome was in doubt when the row ended. The steps behind in a runbook do not have such a row.
func (o *Outcome) SettledSince() bool { return o.Detail == AdoptedByEvent }

// Links counts links by their states.
type Links struct {
	Pending   int64 `json:"pending"`
	Active    int64 `json:"active"`
	Failed    int64 `json:"failed"`
	Cancelled int64 `json:"cancelled"`
	Taken     int64 `json:"taken"`
	Merged    int64 `json:"merged"`
}

// LinkCount is how many links are in a state.
type LinkCount struct {
	State LinkState
	Count int64
}

// Counts returns the states in the order in which people are shown them.
func (l Links) Counts() []LinkCount {
	return []LinkCount{
		{LinkActive, l.Active}, {LinkPending, l.Pending}, {LinkFailed, l.Failed}, {LinkCancelled, l.Cancelled}, {LinkTaken, l.Taken}, {LinkMerged, l.Merged},
	}
}

// Total is the number of links.
func (l Links) Total() (n int64) {
	for _, c := range l.Counts() {
		n += c.Count
	}
	return n
}

// Add counts n more links in a state.
func (l *Links) Add(state LinkState, n int64) {
	switch state {
	case LinkPending:
		l.Pending += n
	case LinkActive:
		l.Active += n
	case LinkFailed:
		l.Failed += n
	case LinkCancelled:
		l.Cancelled += n
	case LinkTaken:
		l.Taken += n
	case LinkMerged:
		l.Merged += n
	}
}
