package sunco

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Channels that a client can be created for (matchCriteria.type).
const (
	TypeMailgun     = "mailgun"
	TypeMessageBird = "messagebird"
	TypeTwilio      = "twilio"
	TypeWhatsApp    = "whatsapp"
)

// Ways in which a link is confirmed (confirmation.type).
const (
	ConfirmImmediate    = "immediate"
	ConfirmUserActivity = "userActivity"
	ConfirmPrompt       = "prompt"
)

// ClientCreate is the body of a create. It is sent as it is: the API checks it.
type ClientCreate struct {
	MatchCriteria MatchCriteria `json:"matchCriteria"`
	Confirmation  Confirmation  `json:"confirmation"`
	Target        Target        `json:"target"`
}

// MatchCriteria says whom to link on which channel: TypeMailgun takes an Address and a Subject, the others a PhoneNumber.
type MatchCriteria struct {
	Type          string `json:"type"`
	IntegrationID string `json:"integrationId"`
	Primary       *bool  `json:"primary,omitempty"`     // nil: the API's default, true
	PhoneNumber   string `json:"phoneNumber,omitempty"` // with + and country code
	Address       string `json:"address,omitempty"`     // an e-mail address
	Subject       string `json:"subject,omitempty"`
}

// Confirmation says how the link is confirmed. A Message, a JSON object with author and content, reaches the person.
type Confirmation struct {
	Type    string          `json:"type"`
	Message json.RawMessage `json:"message,omitempty"`
}

// Target names the conversation to attach the client to.
type Target struct {
	ConversationID string `json:"conversationId"`
}

// Query holds what every call may carry besides its path.
type Query struct {
	BrandID string        // for a brand-separated user given by external id; empty = none
	Timeout time.Duration // of the call, which costs less than a context of its own; 0 = it ends with its context alone
}

func (q Query) encode() string {
	if q.BrandID == "" {
		return ""
	}
	return "brandId=" + url.QueryEscape(q.BrandID)
}

// Create asks for a link of the user, given by id or external id, to a channel. The client it returns is usually pending.
// A create is not idempotent: after an error with Sent set, look with List before creating again. An error with a Status
// of 2xx means that the API did the work and its answer could not be read.
//
// https://docs.smooch.io/rest/#operation/CreateClient
func (a *API) Create(ctx context.Context, user string, create ClientCreate, query Query) (Client, error) {
	if err := checkUser(user); err != nil {
		return Client{}, err
	}
	body, err := encodeBody(create, "confirmation message")
	if err != nil {
		return Client{}, err
	}
	c := call{
		method:  http.MethodPost,
		target:  a.target(query.encode(), "users", user, "clients"),
		body:    body,
		timeout: query.Timeout,
		private: []string{user, create.MatchCriteria.PhoneNumber, create.MatchCriteria.Address},
	}
	got, err := a.do(ctx, c)
	if err != nil {
		return Client{}, err
	}
	defer got.done()
	var reply struct {
		Client *Client `json:"client"`
	}
	if decode(got.body, &reply) != nil || reply.Client == nil {
		return Client{}, got.unreadable("a client was expected")
	}
	return *reply.Client, nil
}

// encodeBody encodes a body; raw is the part that may be no JSON.
func encodeBody(create any, raw string) ([]byte, error) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(create) != nil {
		return nil, invalid(raw + " is not JSON")
	}
	encoded := bytes.TrimSuffix(body.Bytes(), []byte("\n"))
	if len(encoded) > MaxBodySize {
		return nil, invalid(fmt.Sprintf("request body has %d bytes, %d are allowed", len(encoded), MaxBodySize))
	}
	return encoded, nil
}
