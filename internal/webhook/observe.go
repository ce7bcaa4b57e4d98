package webhook

import (
	"strings"
	"time"

	"github.com/sunbulk/sunbulk/internal/lazyregexp"
	"github.com/sunbulk/sunbulk/jobs"
)

// Causes of links that are not active. What the channel says of it follows behind a colon.
const (
	causeFailed    = "link_failed"
	causeCancelled = "link_cancelled"
	causeRemoved   = "removed"
	causeTaken     = "taken"
	causeBlocked   = jobs.CauseBlocked
)

// observe sets what an event of v2 says of its client, by its reason, and where that is unknown by the client's status.
func (e *Event) observe(payload object, status string) Skip {
	reason := payload.id("reason")
	say := func(state jobs.LinkState, cause string) Skip {
		e.Link = jobs.Observation{State: state, At: e.At, Cause: cause}
		return ""
	}
	switch e.Type + " " + reason {
	case "client:add channelLinking":
		e.Linked = true
		if status == "active" {
			return say(jobs.LinkActive, "")
		}
		return say(jobs.LinkPending, "")
	case "client:update matched":
		return say(jobs.LinkPending, "")
	case "client:update confirmed", "client:update unblocked":
		return say(jobs.LinkActive, "")
	case "client:update blocked":
		return say(jobs.LinkFailed, causeBlocked)
	case "client:remove linkFailed":
		return say(jobs.LinkFailed, causeFailed+because(payload.in("error")))
	case "client:remove linkCancelled":
		return say(jobs.LinkCancelled, causeCancelled+because(payload.in("error")))
	case "client:remove theft":
		return say(jobs.LinkTaken, causeTaken)
	}
	if e.Type == "client:remove" { // by the API, the SDK, or a reason of later
		return say(jobs.LinkFailed, causeRemoved)
	}
	return OtherReason
}

// observeV1 is observe for a link event of v1.
func (e *Event) observeV1(problem object) Skip {
	switch e.Type {
	case "link:match":
		e.Link.State = jobs.LinkPending
	case "link:success":
		e.Link.State = jobs.LinkActive
	case "link:failure":
		e.Link.State, e.Link.Cause = jobs.LinkFailed, causeFailed+because(problem)
	default:
		return OtherType
	}
	e.Link.At = time.UnixMilli(0)
	return ""
}

func merged(at time.Time, client, user string) jobs.Observation {
	cause := "merged"
	if client != "" {
		cause += " into client " + client
	}
	if user != "" {
		cause += " of user " + user
	}
	return jobs.Observation{State: jobs.LinkMerged, At: at, Cause: jobs.LinkCause(cause)}
}

// people are numbers and addresses that a channel may quote.
var people = lazyregexp.New(`\+?\d[\d ().-]{5,}\d|\S+@\S+`)

// because says what the channel said of a link that came to nothing, without the person's number or address.
func because(problem object) string {
	message := problem.text("message")
	if message == "" {
		message = problem.text("code")
	}
	if message = strings.TrimSpace(people().ReplaceAllString(message, "…")); message == "" {
		return ""
	}
	return jobs.LinkCause(": " + message)
}
