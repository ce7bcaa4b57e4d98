package jobs

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Op names an operation, as in the op column.
type Op string

// Operation declares all that an operation is: what it reads, when a row of it is valid, and the facts by which
// others treat its rows. A fact that is left out is the careful one.
type Operation struct {
	Name     Op
	Summary  string           // what a row of it asks for, as a clause without a period
	Columns  []string         // paths it reads besides op, user and brandId
	Required []string         // paths that the input must have for it
	Either   [][]string       // groups of paths of which the input must have a whole one; nil = none
	Check    func(*Row) error // *FieldError for the first invalid field; may normalise fields
	Once     func(Row) Row    // of rows for which it is equal only the first is valid; nil = any number is
	Same     string           // what is equal of such rows, for people

	Creates    bool            // it may make a client
	Looks      bool            // a call whose answer was lost is looked for, and not sent again before that
	Converses  bool            // its outcome names the user's conversation
	Removes    bool            // it may take a client away
	Finds      bool            // its outcome holds the user's clients
	Waits      bool            // it asks until something is so, for the job's Within
	Idempotent bool            // once more changes nothing more
	Messages   func(*Row) bool // tells whether a row reaches a real person; nil = none does
	Calls      int64           // that a row takes at most, without retries; one that lists takes more for a user with many clients
	Lookups    int64           // of its calls, those that read a user or a page of conversations
	Undo       Op              // takes back what a row of it did; empty = nothing does, or it changes nothing
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
	ensureUserOperation,
	ensureConversationOperation,
}

// unknown is the entry of an operation that is in no line: it has no facts.
var unknown Operation

// Operations returns every operation that a row may ask for.
func Operations() []Operation { return operations }

// OperationNames returns the names of all operations, in the order of Operations.
func OperationNames() []string {
	names := make([]string, len(operations))
	for i, o := range operations {
		names[i] = string(o.Name)
	}
	return names
}

// FindOperation returns the operation of that name, in any case; its error lists the known ones.
func FindOperation(name string) (Operation, error) {
	for i := range operations {
		if strings.EqualFold(name, string(operations[i].Name)) {
			return operations[i], nil
		}
	}
	return Operation{}, fmt.Errorf("unknown operation %q (known: %s)", shorten(name, 40), strings.Join(OperationNames(), ", "))
}

// operation is the entry of a name as it is written, or unknown.
func (o Op) operation() *Operation {
	for i := range operations {
		if operations[i].Name == o {
			return &operations[i]
		}
	}
	return &unknown
}

// Creates tells whether the operation may make a client.
func (o Op) Creates() bool { return o.operation().Creates }

// Looks tells whether a call of the operation whose answer was lost is looked for before anything is sent again.
func (o Op) Looks() bool { return o.operation().Looks }

// Converses tells whether an outcome of the operation names the user's conversation.
func (o Op) Converses() bool { return o.operation().Converses }

// Removes tells whether the operation may take a client away.
func (o Op) Removes() bool { return o.operation().Removes }

// Finds tells whether an outcome of the operation holds the user's clients.
func (o Op) Finds() bool { return o.operation().Finds }

// Waits tells whether the operation asks until something is so, for the job's Within.
func (o Op) Waits() bool { return o.operation().Waits }

// Idempotent tells whether a row of the operation that runs once more changes nothing more.
func (o Op) Idempotent() bool { return o.operation().Idempotent }

// Undo returns the operation that takes back what this one did; empty where none does.
func (o Op) Undo() Op { return o.operation().Undo }

// Messages tells whether running the row sends something to a real person.
func (r *Row) Messages() bool {
	messages := r.Op.operation().Messages
	return messages != nil && messages(r)
}

// CheckRow returns the *FieldError of the first invalid field, or nil. It trims and normalises
// fields as it goes, so that equal rows become the same. What it accepts no call refuses by itself.
func (o Operation) CheckRow(r *Row) error {
	paths := false // some text may be an id that means another thing in a path
	for i := range columns {
		c := &columns[i]
		f := c.Field(r)
		class := classify(strings.TrimPrefix(*f, "+"))
		if *f == "" || class == wordByte && len(*f) <= maxField && (len(*f) > longestWord || !isPlaceholder(*f)) {
			continue // most are words or numbers: none of what follows is wrong with them
		}
		paths = paths || class&pathByte != 0
		*f = strings.TrimSpace(*f)
		if !utf8.ValidString(*f) {
			return &FieldError{c.Path, "is not valid UTF-8"}
		}
		if strings.IndexByte(*f, 0) >= 0 {
			return &FieldError{c.Path, "holds a NUL byte"}
		}
		if !r.isText(f) {
			if cause := damage(*f); cause != "" {
				return &FieldError{c.Path, cause}
			}
		}
		if n := len(*f); n > maxField && !r.isText(f) { // counting characters takes time
			if n = utf8.RuneCountInString(*f); n > maxField {
				return &FieldError{c.Path, fmt.Sprintf("has %d characters, the API allows %d", n, maxField)}
			}
		}
	}
	if r.User == "" {
		return &FieldError{"user", "is empty"}
	}
	if paths {
		for _, id := range identifiers(r) {
			if err := checkIdentifier(id.Path, id.Text); err != nil {
				return err
			}
		}
	}
	return o.Check(r)
}

// isText tells the fields that may be longer than an id, and hold anything.
func (r *Row) isText(f *string) bool { return f == &r.Message || f == &r.Subject || f == &r.Metadata }

// maxField is the length of an external id in characters, from the vendor's document. No other field can be longer and
// right but message, subject and metadata, which have bounds of their own.
const maxField = 1024

func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
