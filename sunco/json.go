package sunco

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// generous takes what the API should not send and any reader of JSON would take.
var generous = json.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))

// decode reads an answer. Names of fields must be as they are written here.
func decode(answer []byte, into any) error { return json.Unmarshal(answer, into, generous) }

// field is what the API gave as a string, else its JSON text; empty for null.
type field string

// UnmarshalJSONFrom takes any value.
func (f *field) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	switch d.PeekKind() {
	case '"':
		s, err := d.ReadToken()
		*f = field(s.String())
		return err
	case 'n':
		*f = ""
		return d.SkipValue()
	}
	value, err := d.ReadValue()
	*f = field(value)
	return err
}
