package jobs

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// Property takes any JSON value of a found client, of which the API promises nothing: a string as its
// text, null as nothing, all else as it came.
type Property string

// UnmarshalJSON never returns an error.
func (p *Property) UnmarshalJSON(data []byte) error {
	if n := len(data); n >= 2 && data[0] == '"' && bytes.IndexByte(data, '\\') < 0 && utf8.Valid(data) {
		*p = Property(data[1 : n-1]) // nearly all: a step of a runbook reads some ten million
		return nil
	}
	var text *string
	switch err := json.Unmarshal(data, &text); {
	case err != nil:
		*p = Property(data)
	case text != nil:
		*p = Property(*text)
	}
	return nil
}

// Client is what of a client that a list found fits a line. The API promises none of it.
type Client struct {
	ID            Property `json:"id"`
	Type          Property `json:"type"`
	Status        Property `json:"status"`
	IntegrationID Property `json:"integrationId"`
	ExternalID    Property `json:"externalId"`
	LastSeen      Property `json:"lastSeen"`
	LinkedAt      Property `json:"linkedAt"`
	DisplayName   Property `json:"displayName"`
}
