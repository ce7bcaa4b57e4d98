package main

import (
	"bytes"
	"encoding/json"
)

// user and client are those of a world file; see docs/simulator.md.
type user struct {
	ID            string   `json:"id"`
	ExternalID    string   `json:"externalId,omitempty"`
	Conversations []string `json:"conversations"`
	Clients       []client `json:"clients"`
}

type client struct {
	ID            string `json:"id"`
	Type          string `json:"type"`
	Status        string `json:"status"`
	IntegrationID string `json:"integrationId,omitempty"`
	ExternalID    string `json:"externalId,omitempty"`
	LinkedAt      string `json:"linkedAt"`
}

const linkedAt = "2024-03-05T09:12:44.000Z"

// world is the file in lines of one user each.
func world(people []person) ([]byte, error) {
	out := bytes.NewBufferString(`{
"knobs": {"latencyMin": "20ms", "latencyMax": "150ms", "share429": 0.008, "share503": 0.03, "html503": true, "cutAfter": 0.01, "onDuplicate": "conflict"},
"integrations": [
  {"id": "` + twilio + `", "type": "twilio"},
  {"id": "` + whatsapp + `", "type": "whatsapp"},
  {"id": "` + mailgun + `", "type": "mailgun"}
],
"users": [
`)
	for i, p := range people {
		u := user{ID: p.id, ExternalID: p.externalID, Conversations: []string{p.chat}}
		u.Clients = append(u.Clients, client{p.old, "twilio", "active", twilio, p.phone, linkedAt})
		if p.sdk != "" {
			u.Clients = append(u.Clients, client{ID: p.sdk, Type: "sdk", Status: "active", LinkedAt: linkedAt})
		}
		line, err := json.Marshal(u)
		if err != nil {
			return nil, err
		}
		out.WriteString("  ")
		out.Write(line)
		if i < len(people)-1 {
			out.WriteByte(',')
		}
		out.WriteByte('\n')
	}
	out.WriteString("]\n}\n")
	return out.Bytes(), nil
}
