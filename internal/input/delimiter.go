package input

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// commas are the delimiters that a CSV file may have, the likeliest first.
const commas = ",;\t|"

// ParseDelimiter reads a delimiter of CSV: one of , ; | and tab, which is also written \t. That of an empty text is 0: it is found out.
func ParseDelimiter(text string) (byte, error) {
	switch strings.ToLower(text) {
	case "":
		return 0, nil
	case "tab", `\t`:
		return '\t', nil
	}
	if len(text) != 1 || !strings.Contains(commas, text) {
		return 0, fmt.Errorf("%q is not a delimiter: give , ; | or tab", text)
	}
	return text[0], nil
}

// delimiterName is a delimiter for a person.
func delimiterName(comma byte) string {
	if comma == '\t' {
		return "tab"
	}
	return quote(string(comma))
}

// findComma returns the delimiter: the one that is asked for, that a first line sep= names, or the one by which the
// header holds most columns that are known, and of those most columns.
func findComma(w *window, b *binder) (byte, error) {
	named, err := separator(w)
	if err != nil {
		return 0, err
	}
	header, err := headerText(w, b)
	switch {
	case err != nil:
		return 0, err
	case b.delimiter != 0:
		return b.delimiter, nil
	case named != 0:
		return named, nil
	}
	best, most, known := commas[0], 0, 0
	for i := range len(commas) {
		names := splitNames(header, commas[i])
		n := 0
		for _, name := range names {
			if b.knows(name) {
				n++
			}
		}
		if n > known || n == known && len(names) > most {
			best, most, known = commas[i], len(names), n
		}
	}
	return best, nil
}

// separator reads a first line such as sep=; by which spreadsheets learn the delimiter; 0 when there is none.
func separator(w *window) (byte, error) {
	end, err := w.lineEnd(0)
	if err != nil {
		return 0, nil // a file of one line, or one that cannot be read, is a header's to judge
	}
	line := strings.Trim(string(trimCR(w.unread()[:min(end, 16)])), "\" ")
	name, value, ok := strings.Cut(line, "=")
	if !ok || !strings.EqualFold(name, "sep") {
		return 0, nil
	}
	if value == "" || !strings.Contains(commas, value[:1]) || strings.Trim(value, value[:1]) != "" {
		return 0, &Error{Line: w.line, Cause: "the first line names a delimiter that is not known", Hint: "delimiters are , ; | and tab; take the line out, or give --delimiter"}
	}
	w.advance(end + 1)
	return value[0], w.skipBlankLines()
}

// headerText returns the lines of the header: more than one where a quoted name holds a line break.
func headerText(w *window, b *binder) (string, error) {
	quoted := false
	for from := 0; ; {
		end, err := w.lineEnd(from)
		if i := bareReturn(w.unread()[from:end]); i >= 0 && !quoted && bytes.IndexByte(w.unread()[from:from+i], '"') < 0 {
			end, err = from+i, io.EOF
		}
		if bytes.IndexByte(w.unread()[from:end], 0) >= 0 {
			return "", &Error{Line: w.line, Cause: "is no text: its start holds NUL bytes", Hint: b.hintOfZeros(w)}
		}
		if end > maxHeader {
			return "", &Error{Line: w.line, Cause: "the header is longer than 64 KiB", Hint: "is a quote not closed in it, or is the file no CSV?"}
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return "", &Error{Cause: "cannot be read", Err: err}
		}
		if bytes.Count(w.unread()[from:end], []byte{'"'})%2 == 1 {
			quoted = !quoted
		}
		if !quoted || err != nil {
			return string(w.unread()[:end]), nil
		}
		from = end + 1
	}
}

// splitNames cuts a header at a delimiter outside quotes.
func splitNames(header string, comma byte) (names []string) {
	quoted, from := false, 0
	for i := range len(header) {
		switch {
		case header[i] == '"':
			quoted = !quoted
		case header[i] == comma && !quoted:
			names = append(names, header[from:i])
			from = i + 1
		}
	}
	return append(names, header[from:])
}

// knows tells whether an option or the contract names a column so.
func (b *binder) knows(name string) bool {
	name = normalise(name)
	return len(b.paths[name]) > 0 || b.mapped[name] != ""
}
