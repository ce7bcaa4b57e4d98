package input

import (
	"bytes"
	"errors"
	"io"
)

// parser makes records of the text of one file.
type parser interface {
	// next returns io.EOF after the last record; any other error ends the file too.
	next() (Record, error)
	// line is where the parser stands, from 1.
	line() int64
}

// newParser returns the parser that the first bytes of the text ask for, and the name of its format.
func newParser(text io.Reader, b *binder) (format string, p parser, err error) {
	w := newWindow(text)
	if err := w.skipBlankLines(); errors.Is(err, io.EOF) {
		return "", nil, errEmpty()
	} else if err != nil {
		return "", nil, &Error{Cause: "cannot be read", Err: err}
	}
	switch bytes.TrimLeft(w.unread(), space)[0] {
	case '[':
		if _, err := w.skipSpace(); err != nil {
			return "", nil, &Error{Cause: "cannot be read", Err: err}
		}
		w.advance(1)
		return "json", &jsonArray{objects: objects{window: w, binder: b}}, nil
	case '{':
		if _, err := w.skipSpace(); err != nil {
			return "", nil, &Error{Cause: "cannot be read", Err: err}
		}
		if path := wrapped(w, b); path != "" {
			return "", nil, &Error{Line: w.line, Cause: "the rows are below " + quote(path) + ", in one object", Hint: "write the list to a file of its own, e.g. with jq ." + path}
		}
		return "ndjson", &ndjson{objects: objects{window: w, binder: b}}, nil
	}
	p, err = openCSV(w, b)
	return "csv", p, err
}

func errEmpty() *Error {
	return &Error{Cause: "is empty", Hint: "the first line of a CSV file or sheet names its columns"}
}
