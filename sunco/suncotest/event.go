package suncotest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"sync/atomic"
	"time"
)

const (
	webhookCalls    = 16 // at a time
	webhookAttempts = 5
	webhookAnswer   = 20 * time.Second // that a target has for its answer, as the vendor's do
)

type eventMeter struct {
	events, attempts, taken, dropped, givenUp, wrongKey, wrongKeyTaken, open atomic.Int64
}

// event is one that happened to a client.
type event struct {
	draws
	hook       *Webhook
	kind       string // such as client:add
	reason     string
	app        string
	user       string
	chat       string // id of the conversation; empty where the event names none
	client     client
	at         time.Time
	foretelled bool // sent before the call is answered
}

// announce sends the events of a client that was just created.
func (s *Server) announce(app, key, conversation string, c client, d draws) {
	hook := s.webhook.Load()
	if hook == nil {
		return
	}
	happens := func(n uint64, kind, reason string, at time.Time) event {
		return event{draws{d.seed + n, d.number}, hook, kind, reason, app, key, conversation, c, at, false}
	}
	added := happens(0, "client:add", "channelLinking", time.Unix(0, min(time.Now().UnixNano(), c.settles)))
	settled := happens(1, "client:update", "confirmed", time.Unix(0, c.settles))
	if c.ends == c.settles {
		settled = happens(1, "client:remove", c.why, time.Unix(0, c.settles))
	}
	if c.why == reasonMerged {
		settled.kind, settled.reason = "user:merge", "channelLinking"
	}
	s.events.open.Add(2)
	swapped := d.hit(hook.Swapped, chanceSwapped)
	if d.hit(hook.Early, chanceEarly) && !swapped {
		added.foretelled = true
		s.send(added)
	} else if !swapped {
		go s.send(added)
	}
	if c.ends > c.settles {
		s.events.open.Add(1)
		go s.sendThen(happens(2, "client:remove", c.why, time.Unix(0, c.ends)))
	}
	if swapped {
		go func() { s.sendThen(settled); s.send(added) }()
		return
	}
	go s.sendThen(settled)
}

// announceRemoval sends the event of a client that a call removed.
func (s *Server) announceRemoval(app, key string, c client, d draws) {
	if hook := s.webhook.Load(); hook != nil {
		s.events.open.Add(1)
		go s.send(event{d, hook, "client:remove", "api", app, key, "", c, time.Now(), false})
	}
}

// sendThen sends an event when it happens.
func (s *Server) sendThen(e event) {
	if !s.wait(time.Until(e.at)) {
		s.events.open.Add(-1)
		return
	}
	s.send(e)
}

// send delivers an event with the faults of its draws.
func (s *Server) send(e event) {
	defer s.events.open.Add(-1)
	if e.hook.V1 && e.trigger() == "" {
		return
	}
	number := uint64(s.events.events.Add(1)) // not of the clients' numbers, which tests foretell
	if e.hit(e.hook.Dropped, chanceDropped) {
		s.events.dropped.Add(1)
		return
	}
	if !e.foretelled && e.hit(e.hook.Late, chanceLate) && !s.wait(cmp.Or(e.hook.LateBy, defaultLateBy)) {
		return
	}
	for _, to := range s.targets(e) {
		payload := e.payload(to, number)
		if e.hit(e.hook.WrongKey, chanceWrongKey) {
			s.forge(to, e.opposite().payload(to, number|1<<40))
		}
		s.deliver(to, e.hook, payload)
		if e.hit(e.hook.Twice, chanceTwice) {
			s.deliver(to, e.hook, payload)
		}
	}
}

// targets are the webhooks that get an event.
func (s *Server) targets(e event) (all []shownWebhook) {
	if e.hook.Target != "" {
		return []shownWebhook{{ID: recordID(0), Version: "v2", Target: e.hook.Target, Secret: e.hook.Secret}}
	}
	s.world.customs.mu.Lock()
	defer s.world.customs.mu.Unlock()
	for _, in := range s.world.customs.all {
		for _, w := range in.webhooks {
			if slices.Contains(w.Triggers, e.kind) {
				all = append(all, w)
			}
		}
	}
	return all
}

// deliver makes up to five attempts.
func (s *Server) deliver(to shownWebhook, hook *Webhook, payload []byte) {
	pause := cmp.Or(hook.Window, defaultWindow) / (1<<(webhookAttempts-1) - 1)
	for attempt := range webhookAttempts {
		s.events.attempts.Add(1)
		taken, last := s.post(to.Target, to.Secret, payload)
		if taken {
			return
		}
		if last || attempt == webhookAttempts-1 {
			break
		}
		if !s.wait(pause) {
			return
		}
		pause *= 2
	}
	s.events.givenUp.Add(1)
}

// forge makes one attempt with a wrong key.
func (s *Server) forge(to shownWebhook, payload []byte) {
	s.events.wrongKey.Add(1)
	if taken, _ := s.post(to.Target, "not-"+to.Secret, payload); taken {
		s.events.wrongKeyTaken.Add(1)
	}
}

// post makes one attempt, and tells whether it was taken, and whether it is the last.
func (s *Server) post(target, secret string, payload []byte) (taken, last bool) {
	s.calls <- struct{}{}
	defer func() { <-s.calls }()
	q, err := http.NewRequest(http.MethodPost, target, bytes.NewReader(payload))
	if err != nil {
		return false, true
	}
	q.Header.Set("Content-Type", "application/json")
	q.Header.Set("X-API-Key", secret)
	res, err := s.caller.Do(q)
	if err != nil {
		return false, false
	}
	res.Body.Close()
	switch res.StatusCode {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusNotAcceptable:
		return false, true
	}
	if res.StatusCode/100 != 2 {
		return false, false
	}
	s.events.taken.Add(1)
	return true, true
}

// wait returns false when the Server closes first.
func (s *Server) wait(d time.Duration) bool {
	select {
	case <-s.closed:
		return false
	case <-time.After(d):
		return true
	}
}

// opposite is what somebody says who wants the event undone.
func (e event) opposite() event {
	e.at = e.at.Add(time.Minute)
	if e.kind == "client:remove" {
		e.kind, e.reason = "client:update", "confirmed"
	} else {
		e.kind, e.reason = "client:remove", reasonFailed
	}
	return e
}

type object = map[string]any

// trigger is the event in v1; empty where that has none.
func (e event) trigger() string {
	switch e.kind + " " + e.reason {
	case "client:add channelLinking":
		return "link:match"
	case "client:update confirmed":
		return "link:success"
	case "client:remove " + reasonFailed:
		return "link:failure"
	}
	return ""
}

// payloadV1 names neither the event nor the client, as in v1.
func (e event) payloadV1() object {
	payload := object{"trigger": e.trigger(), "app": object{"_id": cmp.Or(e.hook.App, e.app)}, "appUser": object{"_id": e.user}, "channel": e.client.kind.Value(),
		"criteria": object{"phoneNumber": e.client.target}}
	if e.reason == reasonFailed {
		payload["error"] = object{"code": "bad_request", "message": "(#100) No matching user found"}
	}
	return payload
}

// merged is what a user:merge says: the user and the pending client went into those of the one who had the number or address.
func (e event) merged() object {
	survivor := e.client.at(time.Unix(0, e.client.settles))
	survivor.ID = derivedID("merged with " + e.client.id())
	return object{
		"mergedUsers":   object{"surviving": object{"id": derivedID("merged with " + e.user), "authenticated": true}, "discarded": object{"id": e.user, "authenticated": false}},
		"mergedClients": object{"surviving": survivor, "discarded": e.client.pending()}, "reason": e.reason,
	}
}

// payload is as the vendor's OpenAPI document has it.
func (e event) payload(to shownWebhook, number uint64) []byte {
	if e.hook.V1 {
		return encoded(e.payloadV1())
	}
	shown := e.client.at(e.at)
	switch e.kind {
	case "client:add":
		shown = e.client.pending()
	case "client:remove":
		shown = e.client.at(e.at.Add(-1))
	}
	payload := object{"user": object{"id": e.user, "authenticated": false}, "client": shown, "reason": e.reason}
	if e.chat != "" {
		payload["conversation"] = object{"id": e.chat, "type": "personal"}
	}
	switch e.reason {
	case reasonFailed:
		payload["error"] = object{"code": "bad_request", "message": "(#100) No matching user found"}
	case reasonCancelled:
		payload["error"] = object{"code": "uncategorized_error", "message": "the person cancelled the link"}
	case "channelLinking", "api":
		payload["source"] = object{"type": "api"}
	}
	if e.kind == "user:merge" {
		payload = e.merged()
	}
	return encoded(object{
		"app": object{"id": cmp.Or(e.hook.App, e.app)}, "webhook": object{"id": to.ID, "version": to.Version},
		"events": []object{{"id": recordID(number), "type": e.kind, "createdAt": e.at.UTC().Format("2006-01-02T15:04:05.000Z"), "payload": payload}},
	})
}

func encoded(payload object) []byte {
	data, err := json.Marshal(payload)
	if err != nil {
		panic(err) // of plain values
	}
	return data
}
