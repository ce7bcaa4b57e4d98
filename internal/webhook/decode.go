package webhook

import (
	"bytes"
	"encoding/json"
	"time"
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

// text is an id or a word of the object; empty where it is missing or too long.
func (o object) text(name string) (s string) {
	if json.Unmarshal(o[name], &s) != nil || len(s) > maxText {
		return ""
	}
	return s
}

func (o object) texts(names ...string) (all []string) {
	for _, name := range names {
		if s := o.text(name); s != "" {
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
	var all []json.RawMessage
	switch {
	case o == nil:
		skipped[NotJSON]++
	case o["events"] != nil:
		switch app := o.in("app").text("id"); {
		case json.Unmarshal(o["events"], &all) != nil:
			skipped[NoEvent]++
		case len(all) > maxEvents:
			skipped[TooLarge]++
		default:
			for _, data := range all {
				add(decodeEvent(parse(data), app))
			}
		}
	case o["trigger"] != nil:
		add(decodeV1(o))
	case o["type"] != nil:
		add(decodeEvent(o, o.in("app").text("id")))
	default:
		skipped[NoEvent]++
	}
	return events, skipped
}

// decodeEvent reads an event of v2.
func decodeEvent(o object, app string) (Event, Skip) {
	e := Event{ID: o.text("id"), Type: o.text("type"), App: app}
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
	e.Client, e.Channel, e.Integration = client.text("id"), client.text("type"), client.text("integrationId")
	e.Users, e.Conversation = payload.in("user").texts("id", "externalId"), payload.in("conversation").text("id")
	if e.Client == "" {
		return e, NoClient
	}
	return e, e.observe(payload, client.text("status"))
}

// merge reads what became of a user that was merged away, and of the pending client that went with it.
func (e *Event) merge(payload object) Skip {
	users, clients := payload.in("mergedUsers"), payload.in("mergedClients")
	e.Merge, e.Users = true, users.in("discarded").texts("id", "externalId")
	discarded, surviving := clients.in("discarded"), clients.in("surviving")
	e.Client, e.Channel, e.Integration = discarded.text("id"), discarded.text("type"), discarded.text("integrationId")
	if e.Client != "" {
		e.Link = merged(e.At, surviving.text("id"), users.in("surviving").text("id"))
	}
	if e.Client == "" && len(e.Users) == 0 {
		return NoClient
	}
	return ""
}

// decodeV1 reads an event of v1 about a link. It names the user and the channel, and neither a client nor a time.
func decodeV1(o object) (Event, Skip) {
	user := o.in("appUser")
	e := Event{Type: o.text("trigger"), App: o.in("app").text("_id"), Users: user.texts("_id", "userId"), Channel: o.text("channel")}
	if e.Channel == "" {
		e.Channel = o.text("platform")
	}
	skip := e.observeV1(o.in("error"))
	if skip == "" && len(e.Users) == 0 {
		skip = NoClient
	}
	return e, skip
}
