package suncotest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"time"
)

// Webhook is where the simulated API sends what becomes of the clients that are created: client:add, and client:update or client:remove when
// the link has settled. Events are retried five times, as the vendor does, but within seconds. A share is the part of the events that meet the fault.
type Webhook struct {
	Target string // URL
	Secret string // X-API-Key
	App    string // id
	// Early are sent before the create is answered, Twice are sent again, and Late are held back, so that later ones overtake them.
	Early, Twice, Late float64
}

const (
	webhookCalls    = 16 // at a time
	webhookAttempts = 5
	webhookPause    = 100 * time.Millisecond // before the second attempt; it doubles
	webhookLate     = 300 * time.Millisecond
)

// announce sends the events of a client that was just created.
func (s *Server) announce(key, conversation string, c client, d draws) {
	if s.webhook == nil {
		return
	}
	added := s.event("client:add", "channelLinking", key, conversation, c, time.Now())
	if d.hit(s.webhook.Early, chanceEarly) {
		s.deliver(added)
	} else {
		go s.send(added, d)
	}
	settled := s.event("client:update", "confirmed", key, conversation, c, time.Unix(0, c.settles))
	if c.doomed {
		settled = s.event("client:remove", "linkFailed", key, conversation, c, time.Unix(0, c.settles))
	}
	go func() {
		if s.wait(time.Until(time.Unix(0, c.settles))) {
			s.send(settled, draws{d.seed + 1, d.number})
		}
	}()
}

// send delivers an event with the faults of its draws.
func (s *Server) send(event []byte, d draws) {
	if d.hit(s.webhook.Late, chanceLate) && !s.wait(webhookLate) {
		return
	}
	s.deliver(event)
	if d.hit(s.webhook.Twice, chanceTwice) {
		s.deliver(event)
	}
}

func (s *Server) deliver(event []byte) {
	pause := webhookPause
	for range webhookAttempts {
		if s.post(event) || !s.wait(pause) {
			return
		}
		pause *= 2
	}
}

// post makes one attempt, and tells whether it is the last.
func (s *Server) post(event []byte) bool {
	s.calls <- struct{}{}
	defer func() { <-s.calls }()
	q, err := http.NewRequest(http.MethodPost, s.webhook.Target, bytes.NewReader(event))
	if err != nil {
		return true
	}
	q.Header.Set("Content-Type", "application/json")
	q.Header.Set("X-API-Key", s.webhook.Secret)
	res, err := http.DefaultClient.Do(q)
	if err != nil {
		return false
	}
	res.Body.Close()
	switch res.StatusCode {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusNotAcceptable:
		return true
	}
	return res.StatusCode/100 == 2
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

// event is a payload as the vendor's OpenAPI document has it.
func (s *Server) event(kind, reason, key, conversation string, c client, at time.Time) []byte {
	type object = map[string]any
	payload := object{"user": object{"id": key}, "client": c.at(at.Add(-1)), "reason": reason, "conversation": object{"id": conversation, "type": "personal"}}
	if reason == "linkFailed" {
		payload["error"] = object{"code": "bad_request", "message": "(#100) No matching user found"}
	}
	encoded, err := json.Marshal(object{
		"app": object{"id": s.webhook.App}, "webhook": object{"id": recordID(0), "version": "v2"},
		"events": []object{{"id": recordID(s.world.record.Add(1)), "type": kind, "createdAt": at.UTC().Format("2006-01-02T15:04:05.000Z"), "payload": payload}},
	})
	if err != nil {
		panic(err) // of plain values
	}
	return encoded
}
