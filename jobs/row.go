package jobs

import (
	"encoding/binary"
	"encoding/json"
	"strings"
)

// Row is one record of the input: one operation on one user. Fields that an operation does not
// read are empty.
type Row struct {
	Number int64 // from 1, over all files of the job
	Line   int64 // where the record starts in its file, from 1
	Op     Op

	User    string // id or external id, 1 to 1024 characters
	BrandID string

	Type           string // matchCriteria.type: mailgun, messagebird, twilio or whatsapp
	IntegrationID  string
	PhoneNumber    string // with + and country code
	Address        string // an email address
	Subject        string
	Primary        string // "", "true" or "false"
	Confirmation   string // confirmation.type: immediate, userActivity or prompt
	Message        string // confirmation.message as compact JSON
	ConversationID string

	ClientID string

	GivenName    string // profile.givenName, 128 characters at most, as the others of profile
	Surname      string
	Email        string
	Locale       string
	Metadata     string // a flat JSON object, compact
	ToBeRetained string // "", "true" or "false"
	SignedUpAt   string // in UTC, with milliseconds
	DisplayName  string // of a conversation

	Sent bool // a call of a row without an outcome may have reached the API; known for reports alone

	Carry   string  // for later steps of a runbook, as Carry.Encode has it; empty outside of one
	Lineage Lineage // rows of earlier jobs that this one runs again; it makes no row another
}

// Column is one name of the input contract and the field of a Row that it fills.
type Column struct {
	Path  string // such as matchCriteria.phoneNumber
	Field func(*Row) *string
}

// columns is every column but op, in the order in which reports write them. It never changes.
var columns = []Column{
	{"user", func(r *Row) *string { return &r.User }},
	{"brandId", func(r *Row) *string { return &r.BrandID }},
	{"matchCriteria.type", func(r *Row) *string { return &r.Type }},
	{"matchCriteria.integrationId", func(r *Row) *string { return &r.IntegrationID }},
	{"matchCriteria.phoneNumber", func(r *Row) *string { return &r.PhoneNumber }},
	{"matchCriteria.address", func(r *Row) *string { return &r.Address }},
	{"matchCriteria.subject", func(r *Row) *string { return &r.Subject }},
	{"matchCriteria.primary", func(r *Row) *string { return &r.Primary }},
	{"confirmation.type", func(r *Row) *string { return &r.Confirmation }},
	{"confirmation.message", func(r *Row) *string { return &r.Message }},
	{"target.conversationId", func(r *Row) *string { return &r.ConversationID }},
	{"clientId", func(r *Row) *string { return &r.ClientID }},

	{"profile.givenName", func(r *Row) *string { return &r.GivenName }},
	{"profile.surname", func(r *Row) *string { return &r.Surname }},
	{"profile.email", func(r *Row) *string { return &r.Email }},
	{"profile.locale", func(r *Row) *string { return &r.Locale }},
	{"metadata", func(r *Row) *string { return &r.Metadata }},
	{"toBeRetained", func(r *Row) *string { return &r.ToBeRetained }},
	{"signedUpAt", func(r *Row) *string { return &r.SignedUpAt }},
	{"displayName", func(r *Row) *string { return &r.DisplayName }},
}

// firstColumns are those of operations on clients. The others came later: what is stored and hashed has them only where
// a row has one, so that it stays what it was for all other rows.
const firstColumns = 12

// hasLater tells whether the row has a value in a column that came later.
func (r *Row) hasLater() bool {
	return len(r.GivenName)+len(r.Surname)+len(r.Email)+len(r.Locale)+len(r.Metadata)+len(r.ToBeRetained)+len(r.SignedUpAt)+len(r.DisplayName) > 0
}

// Columns returns every column but op, in the order in which reports write them.
func Columns() []Column { return columns }

// AppendContent appends the row's operation and fields to buf: equal bytes mean rows that are equal but
// for their number and line.
func (r *Row) AppendContent(buf []byte) []byte {
	buf = appendText(buf, string(r.Op))
	for _, c := range columns[:firstColumns] {
		buf = appendText(buf, *c.Field(r))
	}
	if r.hasLater() {
		for _, c := range columns[firstColumns:] {
			buf = appendText(buf, *c.Field(r))
		}
	}
	return buf
}

// appendText puts the length first, so that what is appended can be taken apart in one way only.
func appendText(buf []byte, s string) []byte {
	return append(binary.AppendUvarint(buf, uint64(len(s))), s...)
}

// Size is about how many bytes the row takes in a batch. The columns' funcs would put each row on the heap.
func (r *Row) Size() int {
	return len(r.User) + len(r.BrandID) + len(r.Type) + len(r.IntegrationID) + len(r.PhoneNumber) + len(r.Address) + len(r.Subject) + len(r.Primary) +
		len(r.Confirmation) + len(r.Message) + len(r.ConversationID) + len(r.ClientID) + len(r.Carry) + len(r.Lineage) +
		len(r.GivenName) + len(r.Surname) + len(r.Email) + len(r.Locale) + len(r.Metadata) + len(r.ToBeRetained) + len(r.SignedUpAt) + len(r.DisplayName)
}

// Key returns the part of a row that a report and a look need once the row is done: where it
// stood, its operation and its user. Addresses and messages are left behind.
func (r Row) Key() Row {
	return Row{Number: r.Number, Line: r.Line, Op: r.Op, User: r.User, BrandID: r.BrandID, ClientID: r.ClientID, Carry: r.Carry}
}

// Rejection is a row that was never queued, because it is invalid or a filter left it out.
type Rejection struct {
	Number int64
	Line   int64
	Column string // path or header name of the cell at fault; empty when the whole record is
	Cause  string
	Names  []string // the original header, as long as Values; nil for a JSON record
	Values []string // the original cells, or one cell with the JSON text

	Filtered  bool // it is no fault: the row counts as noop, and its Key says which it is
	Duplicate bool // it does what an earlier row does, so its record must not become input again
}

// Size is about how many bytes the rejection takes in a chunk.
func (r *Rejection) Size() int {
	n := len(r.Cause)
	for _, texts := range [][]string{r.Names, r.Values} {
		for _, s := range texts {
			n += len(s)
		}
	}
	return n
}

// AppendContent appends why the row was rejected and its original cells to buf.
func (r *Rejection) AppendContent(buf []byte) []byte {
	buf = appendText(buf, r.Cause)
	for _, v := range r.Values {
		buf = appendText(buf, v)
	}
	return buf
}

// Digits returns the digits 0 to 9 of s: phone numbers with the same ones are the same number.
func Digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// FieldError says which column of a row is wrong, and why.
type FieldError struct {
	Column string // path, as in Column.Path
	Cause  string // for a person, without the value itself
}

func (e *FieldError) Error() string { return e.Column + ": " + e.Cause }

// isObject tells whether s is one JSON object.
func isObject(s string) bool {
	var m map[string]json.RawMessage
	return json.Unmarshal([]byte(s), &m) == nil && m != nil
}
