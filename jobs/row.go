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
	Path    string // such as matchCriteria.phoneNumber
	Field   func(*Row) *string
	Meaning string // what a cell holds, as a clause without a period
}

// columns is every column but op, in the order in which reports write them. It never changes.
var columns = []Column{
	{"user", func(r *Row) *string { return &r.User }, "id or external id, up to 1,024 characters; for ensure-user the external id"},
	{"brandId", func(r *Row) *string { return &r.BrandID }, "brand in which users are looked up by their external id; may be empty"},
	{"matchCriteria.type", func(r *Row) *string { return &r.Type }, "mailgun, messagebird, twilio or whatsapp; for a verify any type"},
	{"matchCriteria.integrationId", func(r *Row) *string { return &r.IntegrationID }, "id of the integration"},
	{"matchCriteria.phoneNumber", func(r *Row) *string { return &r.PhoneNumber }, "number with + and country code, such as +12125550123; needed unless the type is mailgun"},
	{"matchCriteria.address", func(r *Row) *string { return &r.Address }, "one plain email address; needed where the type is mailgun"},
	{"matchCriteria.subject", func(r *Row) *string { return &r.Subject }, "subject of the email, where the type is mailgun; may be empty"},
	{"matchCriteria.primary", func(r *Row) *string { return &r.Primary }, "true or false; empty means the API's default"},
	{"confirmation.type", func(r *Row) *string { return &r.Confirmation }, "immediate, userActivity or prompt"},
	{"confirmation.message", func(r *Row) *string { return &r.Message }, "JSON with author and content: text or image, with actions of type link only; userActivity needs it"},
	{"target.conversationId", func(r *Row) *string { return &r.ConversationID }, "an id, or default, only or latest"},
	{"clientId", func(r *Row) *string { return &r.ClientID }, "id of the client"},

	{"profile.givenName", func(r *Row) *string { return &r.GivenName }, "up to 128 characters"},
	{"profile.surname", func(r *Row) *string { return &r.Surname }, "up to 128 characters"},
	{"profile.email", func(r *Row) *string { return &r.Email }, "one plain email address, up to 128 characters"},
	{"profile.locale", func(r *Row) *string { return &r.Locale }, "up to 64 characters"},
	{"metadata", func(r *Row) *string { return &r.Metadata }, "JSON object of texts, numbers, true and false; up to 4,096 bytes, for a conversation 4,000"},
	{"toBeRetained", func(r *Row) *string { return &r.ToBeRetained }, "true or false; true exempts the user from the vendor's deletion schedules"},
	{"signedUpAt", func(r *Row) *string { return &r.SignedUpAt }, "time such as 2026-01-31T08:30:00Z, or a day"},
	{"displayName", func(r *Row) *string { return &r.DisplayName }, "name of the conversation, up to 100 characters"},
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
