package jobs

import "encoding/json"

// Property takes any JSON value of a found client, of which the API promises nothing: a string as its
// text, null as nothing, all else as it came.
type Property string

// UnmarshalJSON never returns an error.
func (p *Property) UnmarshalJSON(data []byte) error {
	var text *string
	switch err := json.Unmarshal(data, &text); {
	case err != nil:
		*p = Property(data)
	case text != nil:
		*p = Property(*text)
	}
	return nil
}
