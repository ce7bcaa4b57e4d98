package sunco

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Types of a conversation.
const (
	TypePersonal = "personal"
	TypeSDKGroup = "sdkGroup"
)

// Conversation is one that a user takes part in. What the API did not tell, or not as expected, is zero.
type Conversation struct {
	ID            string
	Type          string // TypePersonal, TypeSDKGroup, or new
	Default       bool   // it is the user's default conversation
	LastUpdatedAt time.Time
	CreatedAt     time.Time
	Metadata      map[string]string // of its values, those that are texts
}

// UnmarshalJSON takes any JSON object.
func (c *Conversation) UnmarshalJSON(data []byte) error {
	var fields *struct {
		ID            field          `json:"id"`
		Type          field          `json:"type"`
		Default       field          `json:"isDefault"`
		LastUpdatedAt field          `json:"lastUpdatedAt"`
		CreatedAt     field          `json:"createdAt"`
		Metadata      jsontext.Value `json:"metadata"`
	}
	if err := decode(data, &fields); err != nil {
		return err
	}
	if fields == nil {
		return errors.New("conversation is null")
	}
	*c = Conversation{
		ID: string(fields.ID), Type: string(fields.Type), Default: fields.Default == "true",
		LastUpdatedAt: fields.LastUpdatedAt.instant(), CreatedAt: fields.CreatedAt.instant(),
	}
	var metadata map[string]field
	if decode(fields.Metadata, &metadata) == nil && len(metadata) > 0 {
		c.Metadata = make(map[string]string, len(metadata))
		for name, value := range metadata {
			c.Metadata[name] = string(value)
		}
	}
	return nil
}

func (c Conversation) recordID() string { return c.ID }

// weight is nothing: a search for a conversation keeps none of the others.
func (c Conversation) weight() int { return 0 }

// Participant names a user by exactly one of its ids.
type Participant struct {
	UserID         string `json:"userId,omitempty"`
	UserExternalID string `json:"userExternalId,omitempty"`
}

// filter is the query that asks for the participant's conversations. The brackets are literal, as those of pages.
func (p Participant) filter() string {
	if p.UserID != "" {
		return "filter[userId]=" + url.QueryEscape(p.UserID)
	}
	return "filter[userExternalId]=" + url.QueryEscape(p.UserExternalID)
}

func (p Participant) check() error {
	if (p.UserID == "") == (p.UserExternalID == "") {
		return invalid("a participant has either a user id or an external id")
	}
	return checkUser(p.UserID + p.UserExternalID)
}

// ConversationPages is a list of conversations that is read page by page. It is for one goroutine.
type ConversationPages struct{ pager pager[Conversation] }

// Conversations returns the list of the conversations of a user, in no documented order, and makes no call. The query's
// BrandID is not sent: this list takes none, so that a user of a brand is named by its id.
//
// https://docs.smooch.io/rest/#operation/ListConversations
func (a *API) Conversations(of Participant, query ListQuery) *ConversationPages {
	query.BrandID = ""
	return &ConversationPages{pager[Conversation]{
		api: a, things: "conversations", path: []string{"conversations"}, filter: of.filter(), private: []string{of.UserID, of.UserExternalID},
		query: query, invalid: of.check(),
	}.begin()}
}

// More tells whether there may be another page. It is true before the first.
func (p *ConversationPages) More() bool { return p.pager.next != "" }

// Next makes one call and returns the conversations of the next page, as Pages.Next does clients.
func (p *ConversationPages) Next(ctx context.Context) ([]Conversation, error) {
	return p.pager.read(ctx)
}

// ConversationCreate is the body of a new conversation. One of TypePersonal has exactly one participant.
type ConversationCreate struct {
	Type         string          `json:"type"`
	Participants []Participant   `json:"participants,omitempty"`
	DisplayName  string          `json:"displayName,omitempty"`
	Metadata     json.RawMessage `json:"metadata,omitempty"` // a flat JSON object
}

// CreateConversation makes a conversation. It is not idempotent: after an error with Sent set, look for what Metadata holds
// among the user's conversations before creating again.
//
// https://docs.smooch.io/rest/#operation/CreateConversation
func (a *API) CreateConversation(ctx context.Context, create ConversationCreate, timeout time.Duration) (Conversation, error) {
	var private []string
	for _, p := range create.Participants {
		if err := p.check(); err != nil {
			return Conversation{}, err
		}
		private = append(private, p.UserID, p.UserExternalID)
	}
	body, err := encodeBody(create, "metadata")
	if err != nil {
		return Conversation{}, err
	}
	return a.conversation(ctx, call{method: http.MethodPost, target: a.target("", "conversations"), body: body, timeout: timeout, private: private})
}

// Conversation fetches a conversation. One that the app does not have is an Error with Status 404 and Code
// conversation_not_found.
//
// https://docs.smooch.io/rest/#operation/GetConversation
func (a *API) Conversation(ctx context.Context, id string, timeout time.Duration) (Conversation, error) {
	if err := checkIdentifier("conversation id", id); err != nil {
		return Conversation{}, err
	}
	return a.conversation(ctx, call{method: http.MethodGet, target: a.target("", "conversations", id), timeout: timeout})
}

func (a *API) conversation(ctx context.Context, c call) (Conversation, error) {
	got, err := a.do(ctx, c)
	if err != nil {
		return Conversation{}, err
	}
	defer got.done()
	var reply struct {
		Conversation jsontext.Value `json:"conversation"`
	}
	var read Conversation
	if decode(got.body, &reply) != nil || len(bytes.TrimSpace(reply.Conversation)) == 0 || read.UnmarshalJSON(reply.Conversation) != nil || read.ID == "" {
		return Conversation{}, got.unreadable("a conversation was expected")
	}
	return read, nil
}
