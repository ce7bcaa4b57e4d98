package webhook

import (
	"bytes"
	"encoding/json"
	"iter"
	"strings"
	"time"
	"unicode"
)

// object is a JSON object some of whose fields are wanted; a field of an unexpected kind counts as missing.
type object map[string]json.RawMessage

func parse(data []byte) (o object) {
	if json.Unmarshal(data, &o) != nil {
		return nil
	}
	return o
}

func (o object) in(name string) object { return parse(o[name]) }

// text is a text of the object; empty where it is missing or too long.
func (o object) text(name string) (s string) {
	if json.Unmarshal(o[name], &s) != nil || len(s) > maxText {
		return ""
	}
	return s
}

// id is an id or a word of the object: a text without control characters, which are of no id and may do harm where it is shown.
func (o object) id(name string) string {
	s := o.text(name)
	if strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }) {
		return ""
	}
	return s
}

func (o object) ids(names ...string) (all []string) {
	for _, name := range names {
		if s := o.id(name); s != "" {
			all = append(all, s)
		}
	}
	return all
}

// Decode reads a payload: an envelope with its events, one such event by itself, or an event of v1. What cannot be used is counted by its
// reason in skipped.
func Decode(payload []byte) (events []Event, skipped map[Skip]int64) {
	skipped = map[Skip]int64{}
	add := func(e Event, skip Skip) {
		if skip != "" {
			skipped[skip]++
			return
		}
		events = append(events, e)
	}
	if len(payload) > MaxPayload {
		skipped[TooLarge]++
		return nil, skipped
	}
	o := parse(bytes.TrimPrefix(payload, []byte("\ufeff")))
	switch {
	case o == nil:
		skipped[NotJSON]++
	case o["events"] != nil:
		switch app := o.in("app").id("id"); {
		case !isList(o["events"]):
			skipped[NoEvent]++
		case more(o["events"]):
			skipped[TooLarge]++
		default:
			for data := range elements(o["events"]) {
				add(decodeEvent(parse(data), app))
			}
		}
	case o["trigger"] != nil:
		add(decodeV1(o))
	case o["type"] != nil:
		add(decodeEvent(o, o.in("app").id("id")))
	default:
		skipped[NoEvent]++
	}
	return events, skipped
}

func isList(data json.RawMessage) bool {
	return bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("["))
}

// more tells whether a list has more than maxEvents elements.
func more(list json.RawMessage) bool {
	n := 0
	for range elements(list) {
		if n++; n > maxEvents {
			return true
		}
	}
	return false
}

// elements yields the elements of a list that is part of a document that was read: one at a time, for a payload can have half a million.
func elements(list json.RawMessage) iter.Seq[json.RawMessage] {
	return func(yield func(json.RawMessage) bool) {
		in := json.NewDecoder(bytes.NewReader(list))
		_, _ = in.Token() // [
		for in.More() {
			var data json.RawMessage
			if in.Decode(&data) != nil || !yield(data) {
				return
			}
		}
	}
}

// decodeEvent reads an event of v2.
func decodeEvent(o object, app string) (Event, Skip) {
	e := Event{ID: o.id("id"), Type: o.id("type"), App: app}
	payload := o.in("payload")
	switch e.Type {
	case "client:add", "client:update", "client:remove", "user:merge":
	case "":
		return e, NoEvent
	default:
		return e, OtherType
	}
	at, err := time.Parse(time.RFC3339, o.text("createdAt"))
	if err != nil {
		return e, NoTime
	}
	e.At = at.UTC()
	if e.Type == "user:merge" {
		return e, e.merge(payload)
	}
	client := payload.in("client")
	e.Client, e.Channel, e.Integration = client.id("id"), client.id("type"), client.id("integrationId")
	e.Users, e.Conversation = payload.in("user").ids("id", "externalId"), payload.in("conversation").id("id")
	if e.Client == "" {
		return e, NoClient
	}
	return e, e.observe(payload, client.text("status"))
}

// merge reads what became of a user that was merged away, and of the pending client that went with it.
func (e *Event) merge(payload object) Skip {
	users, clients := payload.in("mergedUsers"), payload.in("mergedClients")
	e.Merge, e.Users, e.Into = true, users.in("discarded").ids("id", "externalId"), users.in("surviving").ids("id", "externalId")
	discarded, surviving := clients.in("discarded"), clients.in("surviving")
	e.Client, e.Channel, e.Integration = discarded.id("id"), discarded.id("type"), discarded.id("integrationId")
	if e.Client != "" {
		e.Link = merged(e.At, surviving.id("id"), users.in("surviving").id("id"))
	}
	if e.Client == "" && len(e.Users) == 0 {
		return NoClient
	}
	return ""
}

// decodeV1 reads an event of v1 about a link. It names the user and the channel, and neither a client nor a time.
func decodeV1(o object) (Event, Skip) {
	user := o.in("appUser")
	e := Event{Type: o.id("trigger"), App: o.in("app").id("_id"), Users: user.ids("_id", "userId"), Channel: o.id("channel")}
	if e.Channel == "" {
		e.Channel = o.id("platform")
	}
	skip := e.observeV1(o.in("error"))
	if skip == "" && len(e.Users) == 0 {
		skip = NoClient
	}
	return e, skip
}
