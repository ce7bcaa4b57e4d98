package input

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sunbulk/sunbulk/internal/spelling"
	"github.com/sunbulk/sunbulk/jobs"
)

// readHeader returns the names of the columns, without white space around them.
func (t *table) readHeader() ([]string, error) {
	err := t.read()
	if e, ok := errors.AsType[*recordError](err); ok {
		return nil, &Error{Line: t.start, Column: e.at, Cause: "the header " + e.cause}
	}
	if errors.Is(err, io.EOF) {
		return nil, errEmpty()
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return nil, e
	}
	if err != nil {
		return nil, &Error{Cause: "cannot be read", Err: err}
	}
	if len(t.cells) > maxColumns {
		return nil, &Error{Line: t.start, Cause: fmt.Sprintf("the header has more than %d columns", maxColumns)}
	}
	names := make([]string, len(t.cells))
	for i, cell := range t.cells {
		names[i] = strings.TrimSpace(cell)
		switch {
		case !utf8.ValidString(cell):
			return nil, &Error{Line: t.start, Cause: fmt.Sprintf("column %d of the header is not valid UTF-8", i+1), Hint: t.binder.looksLike(t.foreign)}
		case strings.ContainsFunc(names[i], func(r rune) bool { return unicode.IsControl(r) && !strings.ContainsRune("\n\r\t", r) }):
			return nil, &Error{Line: t.start, Cause: fmt.Sprintf("column %d of the header holds control characters", i+1), Hint: "is the file text?"}
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
		return &Error{Cause: "no operation is named", Hint: "give --op " + strings.Join(jobs.OperationNames(), ", ") + ", or a column op"}
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
		if own := slices.Index(l.normal, normalise(ownPrefix)+column); own >= 0 && l.lineage >= 0 {
			return &Error{
				Cause: "column " + quote(column) + ", from which " + l.binder.option("map") + " takes " + path + ", is " + quote(l.names[own]) + " in this file of a report",
				Hint:  "leave " + l.binder.option("map") + " out for what was sent, or give " + l.binder.giving("map", l.names[own], path) + " for the input's own cells",
			}
		}
		if !slices.ContainsFunc(l.names, func(name string) bool { return normalise(name) == column }) {
			e := &Error{Cause: "the header has no column " + quote(l.binder.mappedAs[column]) + ", from which " + l.binder.option("map") + " takes " + path}
			if near := spelling.Nearest(l.binder.mappedAs[column], l.names); near != "" {
				e.Hint = "did you mean " + l.binder.giving("map", quoteWords(near), path) + "?"
			}
			return e
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

// seen says how the header was cut, for a person who misses a column in it.
func (t *table) seen() string {
	const most = 20
	names := make([]string, 0, most+1)
	for _, name := range t.layout.names[:min(most, len(t.layout.names))] {
		names = append(names, quote(name))
	}
	if len(t.layout.names) > most {
		names = append(names, "…")
	}
	return t.records.seen(strings.Join(names, ", "))
}

// quoteWords is a name as an argument of a shell or a key of YAML: in quotes where it has a space.
func quoteWords(name string) string {
	if strings.ContainsRune(name, ' ') {
		return quote(name)
	}
	return name
}
