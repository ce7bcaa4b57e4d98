package input

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sunbulk/sunbulk/jobs"
)

// commas are the delimiters that a CSV file may have, the likeliest first.
const commas = ",;\t|"

// findComma returns the delimiter that the header holds most of, outside quotes.
func findComma(w *window) (byte, error) {
	var counts [len(commas)]int
	quoted := false
	for from := 0; ; {
		end, err := w.lineEnd(from)
		if bytes.IndexByte(w.unread()[from:end], 0) >= 0 {
			return 0, &Error{Line: w.line, Cause: "is no text: its start holds NUL bytes", Hint: "save it as UTF-8, plain or compressed with gzip or zstd"}
		}
		if end > maxHeader {
			return 0, &Error{Line: w.line, Cause: "the header is longer than 64 KiB", Hint: "is a quote not closed in it, or is the file no CSV?"}
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, &Error{Cause: "cannot be read", Err: err}
		}
		for _, c := range w.unread()[from:end] {
			if c == '"' {
				quoted = !quoted
			} else if i := strings.IndexByte(commas, c); i >= 0 && !quoted {
				counts[i]++
			}
		}
		if !quoted || err != nil {
			break
		}
		from = end + 1
	}
	best := 0
	for i, n := range counts {
		if n > counts[best] {
			best = i
		}
	}
	return commas[best], nil
}

// readHeader returns the names of the columns, without white space around them.
func (f *csvFile) readHeader() ([]string, error) {
	err := f.read()
	if e, ok := errors.AsType[*csvError](err); ok {
		return nil, &Error{Line: f.start, Column: e.at, Cause: "the header " + e.cause}
	}
	if err != nil {
		return nil, &Error{Cause: "cannot be read", Err: err}
	}
	if len(f.cells) > maxColumns {
		return nil, &Error{Line: f.start, Cause: fmt.Sprintf("the header has more than %d columns", maxColumns)}
	}
	names := make([]string, len(f.cells))
	for i, cell := range f.cells {
		names[i] = strings.TrimSpace(cell)
		switch {
		case !utf8.ValidString(cell):
			return nil, &Error{Line: f.start, Cause: fmt.Sprintf("column %d of the header is not valid UTF-8", i+1), Hint: "save the file as UTF-8"}
		case strings.ContainsRune(names[i], '\r'):
			return nil, &Error{Line: f.start, Cause: "the lines end with bare carriage returns", Hint: "save the file with line feeds"}
		case strings.ContainsFunc(names[i], func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }):
			return nil, &Error{Line: f.start, Cause: fmt.Sprintf("column %d of the header holds control characters", i+1), Hint: "is the file text?"}
		}
	}
	return names, nil
}

// checkHeader returns why the columns cannot serve the operation, or nil.
func (l *layout) checkHeader() *Error {
	if err := l.checkMapped(); err != nil {
		return err
	}
	if l.op >= 0 {
		return l.checkMixed()
	}
	p := l.find(l.binder.op)
	if p == nil {
		return &Error{Cause: "no operation is named", Hint: "give --op " + operations() + ", or a column op"}
	}
	if p.clash != nil {
		return p.clash
	}
	var missing []string
	for _, path := range p.operation.Required {
		if !p.gives(path) {
			missing = append(missing, path)
		}
	}
	if missing == nil {
		missing = p.missesEither()
	}
	if missing == nil {
		return l.checkExpressions(p)
	}
	return &Error{
		Cause: fmt.Sprintf("%sthe header has no column for %s, which %s needs", l.binder.prefix(), strings.Join(missing, ", "), p.operation.Name),
		Hint:  "name the columns in the first line, or give " + l.binder.giving("set", "PATH", "VALUE") + " or " + l.binder.giving("map", "COLUMN", "PATH") + l.slips(),
	}
}

// missesEither returns the groups of paths of which the operation needs one, when none is whole.
func (p *plan) missesEither() []string {
	var groups []string
	for _, group := range p.operation.Either {
		if !slices.ContainsFunc(group, func(path string) bool { return !p.gives(path) }) {
			return nil
		}
		groups = append(groups, strings.Join(group, " and "))
	}
	if groups == nil {
		return nil
	}
	return []string{strings.Join(groups, ", or ")}
}

// checkMixed checks a header with an op column, where each row answers for its own operation.
func (l *layout) checkMixed() *Error {
	if !slices.ContainsFunc(l.plans, func(p plan) bool { return p.clash == nil }) {
		return l.plans[0].clash
	}
	if !l.plans[0].gives("user") {
		return &Error{Cause: "the header has no column user", Hint: "name it in the first line, or give " + l.binder.giving("map", "COLUMN", "user") + l.slips()}
	}
	return l.checkExpressions(nil)
}

func (l *layout) checkMapped() *Error {
	for column, path := range l.binder.mapped {
		if !slices.ContainsFunc(l.names, func(name string) bool { return normalise(name) == column }) {
			return &Error{Cause: "the header has no column " + quote(column) + ", from which " + l.binder.option("map") + " takes " + path}
		}
	}
	return nil
}

// slips names the columns that look like a known one.
func (l *layout) slips() string {
	var b strings.Builder
	for i, name := range l.names {
		if l.paths[i] == nil && !isReported(normalise(name)) {
			if near := l.binder.near(name); near != "" {
				fmt.Fprintf(&b, "; did you mean %s by %s?", near, quote(name))
			}
		}
	}
	return b.String()
}

func operations() string {
	var names []string
	for _, o := range jobs.Operations() {
		names = append(names, string(o.Name))
	}
	return strings.Join(names, ", ")
}
