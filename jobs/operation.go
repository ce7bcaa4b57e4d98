package jobs

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Op names an operation, as in the op column.
type Op string

// Creates tells whether the operation may make a client.
func (o Op) Creates() bool { return o == Create || o == Ensure }

// Operation declares what an operation reads and when a row of it is valid.
type Operation struct {
	Name     Op
	Columns  []string         // paths it reads besides op, user and brandId
	Required []string         // paths that the input must have for it
	Either   [][]string       // groups of paths of which the input must have a whole one; nil = none
	Check    func(*Row) error // *FieldError for the first invalid field; may normalise fields
	Once     func(Row) Row    // of rows for which it is equal only the first is valid; nil = any number is
}

// Reads tells whether rows of the operation have the column of that path.
func (o Operation) Reads(path string) bool {
	return path == "user" || path == "brandId" || slices.Contains(o.Columns, path)
}

// operations is the registration: one line per operation. It never changes.
var operations = []Operation{
	createOperation,
	ensureOperation,
	listOperation,
	removeOperation,
	verifyOperation,
}

// Operations returns every operation that a row may ask for.
func Operations() []Operation { return operations }

// FindOperation returns the operation of that name, in any case; its error lists the known ones.
func FindOperation(name string) (Operation, error) {
	known := make([]string, len(operations))
	for i, o := range operations {
		if strings.EqualFold(name, string(o.Name)) {
			return o, nil
		}
		known[i] = string(o.Name)
	}
	return Operation{}, fmt.Errorf("unknown operation %q (known: %s)", shorten(name, 40), strings.Join(known, ", "))
}

// CheckRow returns the *FieldError of the first invalid field, or nil. It trims and normalises
// fields as it goes, so that equal rows become the same. What it accepts no call refuses by itself.
func (o Operation) CheckRow(r *Row) error {
	for _, c := range columns {
		f := c.Field(r)
		*f = strings.TrimSpace(*f)
		if !utf8.ValidString(*f) {
			return &FieldError{c.Path, "is not valid UTF-8"}
		}
		if strings.IndexByte(*f, 0) >= 0 {
			return &FieldError{c.Path, "holds a NUL byte"}
		}
		if f != &r.Message && f != &r.Subject {
			if cause := damage(*f); cause != "" {
				return &FieldError{c.Path, cause}
			}
		}
		if n := len(*f); n > maxField && f != &r.Message && f != &r.Subject { // counting characters takes time
			if n = utf8.RuneCountInString(*f); n > maxField {
				return &FieldError{c.Path, fmt.Sprintf("has %d characters, the API allows %d", n, maxField)}
			}
		}
	}
	if r.User == "" {
		return &FieldError{"user", "is empty"}
	}
	for _, id := range [...]struct{ path, id string }{
		{"user", r.User}, {"brandId", r.BrandID}, {"matchCriteria.integrationId", r.IntegrationID}, {"target.conversationId", r.ConversationID}, {"clientId", r.ClientID},
	} {
		if err := checkIdentifier(id.path, id.id); err != nil {
			return err
		}
	}
	return o.Check(r)
}

// maxField is the length of an external id in characters, from the vendor's document. No other field can be longer and
// right but message and subject, which the size of the request's body bounds.
const maxField = 1024

func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
