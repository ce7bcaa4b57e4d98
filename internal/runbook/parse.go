package runbook

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// MaxFile is the most bytes that a runbook can have.
const MaxFile = 1 << 20

// Parse reads a runbook as YAML, of which JSON is a part, and checks all of it that needs neither its
// variables nor its input. Names of columns become their paths, and operations and names of steps are
// completed. Its error is an *Error, in which file is named.
func Parse(file string, data []byte) (*Runbook, error) {
	root, problem := load(data)
	if problem != nil {
		return nil, newError(file, []Problem{*problem})
	}
	d := &decoder{runbook: &Runbook{file: file, places: map[string]place{}}}
	d.value(root, "", d.all)
	d.check()
	if err := newError(file, d.problems); err != nil {
		return nil, err
	}
	return d.runbook, nil
}

// load returns the root of the one document in data.
func load(data []byte) (*yaml.Node, *Problem) {
	if len(data) > MaxFile {
		return nil, &Problem{Cause: fmt.Sprintf("has more than %d bytes", MaxFile)}
	}
	if p := unprintable(string(data)); p != nil {
		return nil, p
	}
	loader, err := yaml.NewLoader(bytes.NewReader(data))
	if err != nil {
		return nil, &Problem{Cause: err.Error()}
	}
	var document, second yaml.Node
	switch err := loader.Load(&document); {
	case errors.Is(err, io.EOF) || err == nil && len(document.Content) == 0:
		return nil, &Problem{Cause: "is empty", Hint: "a runbook has a name and steps"}
	case err != nil:
		return nil, syntax(err)
	}
	switch err := loader.Load(&second); {
	case err == nil:
		return nil, &Problem{Line: second.Line, Column: max(1, second.Column), Cause: "a second document begins here", Hint: "a file holds one runbook"}
	case !errors.Is(err, io.EOF):
		return nil, syntax(err)
	}
	return document.Content[0], nil
}

// syntax makes a problem of what the YAML library refuses.
func syntax(err error) *Problem {
	e, ok := errors.AsType[*yaml.LoadError](err)
	if !ok {
		return &Problem{Cause: "is not YAML: " + err.Error()}
	}
	p := &Problem{Line: e.Mark.Line, Column: e.Mark.Column, Cause: "is not YAML: " + e.Message}
	if strings.Contains(e.Message, "cannot start any token") {
		p.Hint = "indent with spaces, not with tabs, and quote a text that begins with a sign such as @ or %"
	}
	return p
}

// unprintable returns the place of the first byte that no text file holds, or nil.
func unprintable(text string) *Problem {
	if !utf8.ValidString(text) {
		valid := strings.ToValidUTF8(text, "\x00")
		return problemAt(valid, strings.IndexByte(valid, 0), "is not UTF-8")
	}
	if at := strings.IndexFunc(text, isControl); at >= 0 {
		return problemAt(text, at, "holds a control character")
	}
	return nil
}

// isControl tells whether a text of a runbook may not hold r, which could move a terminal's cursor.
func isControl(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' }

func problemAt(text string, at int, cause string) *Problem {
	before := text[:at]
	line := strings.Count(before, "\n")
	column := utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
	return &Problem{Line: line + 1, Column: column + 1, Cause: cause}
}

// Place returns where the file has a path such as steps[1].set.matchCriteria.phoneNumber, or else the part
// that would hold it: line and column from 1, or 0 for a runbook that was not parsed.
func (r *Runbook) Place(path string) (line, column int) {
	p := r.places[r.stated(path)]
	return p.line, p.column
}

// stated returns the path, or the longest one above it that the file has.
func (r *Runbook) stated(path string) string {
	for path != "" {
		if _, ok := r.places[path]; ok {
			return path
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
	return ""
}

// place is where a value begins in its file, from 1.
type place struct{ line, column int }
