package suncotest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"github.com/sunbulk/sunbulk/sunco"
)

// Conversation is one that a user of the World has. In JSON one that has nothing but an ID is a text, and the first
// of a user that is written so is its default conversation.
type Conversation struct {
	ID            string          `json:"id"`
	Type          string          `json:"type,omitempty"` // personal (default) or sdkGroup
	Default       bool            `json:"isDefault,omitempty"`
	DisplayName   string          `json:"displayName,omitempty"`
	LastUpdatedAt time.Time       `json:"lastUpdatedAt,omitzero"` // zero = later the further behind it is listed
	Metadata      json.RawMessage `json:"metadata,omitempty"`
}

type plainConversation Conversation

// isPlain tells a conversation for which only the id is given.
func (c Conversation) isPlain() bool {
	return c.Type == "" && !c.Default && c.DisplayName == "" && c.LastUpdatedAt.IsZero() && len(c.Metadata) == 0
}

// MarshalJSON writes one that has nothing but an ID as a text.
func (c Conversation) MarshalJSON() ([]byte, error) {
	if c.isPlain() {
		return json.Marshal(c.ID)
	}
	return json.Marshal(plainConversation(c))
}

// UnmarshalJSON reads an id, or an object. It refuses unknown names.
func (c *Conversation) UnmarshalJSON(data []byte) error {
	if bytes.HasPrefix(data, []byte(`"`)) {
		*c = Conversation{}
		return json.Unmarshal(data, &c.ID)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	return decoder.Decode((*plainConversation)(c))
}

// began is when the first of the listed conversations was made.
var began = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// listed is a conversation of the World, as a part of it that has that number.
func (c Conversation) listed(record uint64, user string, first bool) *chat {
	if c.isPlain() {
		c.Default = first
	}
	if c.Type == "" {
		c.Type = sunco.TypePersonal
	}
	created := began.Add(time.Duration(record) * time.Second)
	if c.LastUpdatedAt.IsZero() {
		c.LastUpdatedAt = created
	}
	return &chat{Conversation: c, record: record, created: created, members: []string{user}}
}

// shown is what the API shows of a conversation.
type shownConversation struct {
	ID            string          `json:"id"`
	Type          string          `json:"type"`
	IsDefault     bool            `json:"isDefault"`
	DisplayName   string          `json:"displayName,omitempty"`
	Metadata      json.RawMessage `json:"metadata,omitempty"`
	LastUpdatedAt string          `json:"lastUpdatedAt"`
	CreatedAt     string          `json:"createdAt"`
}

const timeLayout = "2006-01-02T15:04:05.000Z"

func (c *chat) shown() shownConversation {
	return shownConversation{c.ID, c.Type, c.Default, c.DisplayName, c.Metadata, c.LastUpdatedAt.UTC().Format(timeLayout), c.created.UTC().Format(timeLayout)}
}

type conversationsBody struct {
	Conversations []shownConversation `json:"conversations"`
	Meta          *meta               `json:"meta,omitempty"`
	Links         *links              `json:"links,omitempty"`
}

func (s *Server) answerConversations(r *http.Request, k *Knobs) response {
	query := r.URL.Query()
	p, err := parsePage(query)
	if err != nil {
		return badRequest("Invalid page query parameters")
	}
	id, name := query.Get("filter[userId]"), query.Get("filter[userExternalId]")
	if (id == "") == (name == "") {
		return badRequest("Either filter[userId] or filter[userExternalId] is required")
	}
	key, found := s.world.participant(sunco.Participant{UserID: id, UserExternalID: name})
	if !found {
		return notFound("user", "User")
	}
	all := s.world.conversations(key)
	span, err := p.of(len(all), func(i int) (uint64, string) { return all[i].record, all[i].ID }, address(r))
	if err != nil {
		return badRequest("Invalid page query parameters")
	}
	body := conversationsBody{Conversations: []shownConversation{}}
	for _, c := range all[span.from:span.to] {
		body.Conversations = append(body.Conversations, c.shown())
	}
	body.Meta, body.Links = k.told(span)
	return ok(http.StatusOK, body)
}

// participant finds a user by exactly one of its ids.
func (w *world) participant(p sunco.Participant) (key string, found bool) {
	if p.UserID != "" {
		if key, found = w.people.byID(p.UserID); found {
			return key, true
		}
		return p.UserID, w.assumes(p.UserID)
	}
	if key, found = w.people.byName(p.UserExternalID); found {
		return key, true
	}
	return p.UserExternalID, w.assumes(p.UserExternalID)
}

func (s *Server) answerCreateConversation(r *http.Request) response {
	var create sunco.ConversationCreate
	if refused, bad := readBody(r, &create); bad {
		return refused
	}
	switch {
	case create.Type != sunco.TypePersonal && create.Type != sunco.TypeSDKGroup:
		return badRequest("type is missing or unknown")
	case create.Type == sunco.TypePersonal && len(create.Participants) != 1, len(create.Participants) > 10:
		return badRequest("participants has a wrong length")
	case !isMetadata(create.Metadata):
		return badRequest("metadata is not a flat object of at most 4 KB")
	}
	c := &chat{record: s.world.record.Add(1), created: time.Now(), made: true}
	for _, p := range create.Participants {
		if (p.UserID == "") == (p.UserExternalID == "") {
			return badRequest("a participant has either a userId or a userExternalId")
		}
		key, found := s.world.participant(p)
		if !found {
			return notFound("user", "User")
		}
		c.members = append(c.members, key)
	}
	c.Conversation = Conversation{
		ID: recordID(c.record), Type: create.Type, DisplayName: create.DisplayName, Metadata: create.Metadata, LastUpdatedAt: c.created,
	}
	for _, key := range c.members {
		s.world.people.believe(s.world.conversations(key))
	}
	s.world.people.open(c)
	return ok(http.StatusCreated, map[string]shownConversation{"conversation": c.shown()})
}

// known returns a conversation; one that only a lenient world has is made up.
func (s *Server) known(id string) *chat {
	c := s.world.people.conversation(id)
	if c == nil && s.world.assumes(id) {
		c = Conversation{ID: id}.listed(0, "", true)
		c.members = nil
	}
	return c
}

func (s *Server) answerConversation(id string) response {
	c := s.known(id)
	if c == nil {
		return notFound("conversation", "Conversation")
	}
	return ok(http.StatusOK, map[string]shownConversation{"conversation": c.shown()})
}

func (s *Server) answerParticipants(query url.Values, id string) response {
	c := s.known(id)
	if c == nil {
		return notFound("conversation", "Conversation")
	}
	if _, err := parsePage(query); err != nil {
		return badRequest("Invalid page query parameters")
	}
	type participant struct {
		ID             string `json:"id"`
		UserID         string `json:"userId"`
		UserExternalID string `json:"userExternalId,omitempty"`
		UnreadCount    int    `json:"unreadCount"`
	}
	all := []participant{}
	for _, key := range c.members {
		u := s.world.people.person(key)
		all = append(all, participant{derivedID(c.ID + key), u.id, u.external.id, 0})
	}
	return ok(http.StatusOK, map[string]any{"participants": all, "meta": meta{}, "links": links{}})
}
