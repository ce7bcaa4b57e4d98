package sunco

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// Statuses of a client that the API names today; others may come.
const (
	StatusActive   = "active"
	StatusBlocked  = "blocked"
	StatusInactive = "inactive"
	StatusPending  = "pending"
)

// timeLayout is how the API writes times.
const timeLayout = "2006-01-02T15:04:05.000Z"

// Client is a user's link to a channel. The API promises none of its fields: what was absent, null or no time is zero.
// A Client that came from the API keeps the whole object, unknown fields too, and marshals to exactly that; one made in
// Go marshals its fields.
type Client struct {
	ID            string
	Type          string // channel: whatsapp, mailgun, sdk, …; new ones will come
	Status        string // one of the Status constants, or new
	IntegrationID string
	ExternalID    string // the user's id on the channel, such as a phone number
	LastSeen      time.Time
	LinkedAt      time.Time
	DisplayName   string
	AvatarURL     string

	object json.RawMessage
}

// JSON returns the object as the API sent it, nil for a Client made in Go. The caller must not change it.
func (c Client) JSON() json.RawMessage { return c.object }

// UnmarshalJSON takes any JSON object. A field of an unexpected kind is taken by its JSON text, not refused.
func (c *Client) UnmarshalJSON(data []byte) error {
	var fields *struct {
		ID            field `json:"id"`
		Type          field `json:"type"`
		Status        field `json:"status"`
		IntegrationID field `json:"integrationId"`
		ExternalID    field `json:"externalId"`
		LastSeen      field `json:"lastSeen"`
		LinkedAt      field `json:"linkedAt"`
		DisplayName   field `json:"displayName"`
		AvatarURL     field `json:"avatarUrl"`
	}
	if err := decode(data, &fields); err != nil {
		return err
	}
	if fields == nil {
		return errors.New("client is null")
	}
	*c = Client{
		ID:            string(fields.ID),
		Type:          string(fields.Type),
		Status:        string(fields.Status),
		IntegrationID: string(fields.IntegrationID),
		ExternalID:    string(fields.ExternalID),
		LastSeen:      fields.LastSeen.instant(),
		LinkedAt:      fields.LinkedAt.instant(),
		DisplayName:   string(fields.DisplayName),
		AvatarURL:     string(fields.AvatarURL),
		object:        bytes.Clone(data),
	}
	return nil
}

// MarshalJSON returns the object as it came, else the fields that are not zero.
func (c Client) MarshalJSON() ([]byte, error) {
	if c.object != nil {
		return c.object, nil
	}
	return json.Marshal(struct {
		ID            string `json:"id,omitempty"`
		Type          string `json:"type,omitempty"`
		Status        string `json:"status,omitempty"`
		IntegrationID string `json:"integrationId,omitempty"`
		ExternalID    string `json:"externalId,omitempty"`
		LastSeen      string `json:"lastSeen,omitempty"`
		LinkedAt      string `json:"linkedAt,omitempty"`
		DisplayName   string `json:"displayName,omitempty"`
		AvatarURL     string `json:"avatarUrl,omitempty"`
	}{
		c.ID, c.Type, c.Status, c.IntegrationID, c.ExternalID,
		stamp(c.LastSeen), stamp(c.LinkedAt), c.DisplayName, c.AvatarURL,
	})
}

func (f field) instant() time.Time {
	if f == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, strings.TrimSpace(string(f)))
	if err != nil {
		return time.Time{}
	}
	return t
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(timeLayout)
}
