package input

import (
	"fmt"
	"strings"
)

// Error says what is wrong with the input as a whole, for a person: "users.csv:3:14: cause". It
// holds names of files and columns, never the content of a row.
type Error struct {
	File   string // as given; empty when an option is at fault
	Line   int64  // from 1; 0 when no line is at fault
	Column int    // byte of the line, from 1; 0 when none is
	Cause  string
	Hint   string // what to do next; may be empty
	Seen   string // of a header that does not do: how it was read
	Err    error  // may be nil; of an option, what is wrong with its expression
	Option string // whose expression is at fault: where, or set and its path; else empty

	Unavailable bool // it cannot be had, whatever it holds
	Passing     bool // it may be had later: the network or the server fails
}

func (e *Error) Error() string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File + ":")
	}
	if e.Line > 0 {
		fmt.Fprintf(&b, "%d:", e.Line)
		if e.Column > 0 {
			fmt.Fprintf(&b, "%d:", e.Column)
		}
	}
	if b.Len() > 0 {
		b.WriteByte(' ')
	}
	b.WriteString(e.Cause)
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }
