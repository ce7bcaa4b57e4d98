//go:build unix

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/sunbulk/sunbulk/internal/redistest"
)

// TestDocuments runs the console blocks of README.md and docs/*.md, those of one document in one folder with testdata in
// it and in one shell, and compares what each command prints with what stands below it. See docExample for what a
// comment before a block can say.
func TestDocuments(t *testing.T) {
	ran, path := 0, programPath(t)("documents")
	for _, name := range documentNames(t) {
		examples, err := readExamples(name)
		if err != nil {
			t.Fatal(err)
		}
		steps := 0
		for _, e := range examples {
			if e.lang != "console" {
				continue
			}
			if len(e.steps) == 0 {
				t.Errorf("%s: the console block runs no command; begin one with '$ '", e.place())
			}
			steps += len(e.steps)
		}
		if ran += steps; steps > 0 {
			t.Run(filepath.Base(name), func(t *testing.T) {
				t.Parallel()
				runExamples(t, path, examples)
			})
		}
	}
	if ran == 0 {
		t.Error("no document has a console block")
	}
}

// documentNames are the documents whose examples are tested.
func documentNames(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(names) == 0 {
		t.Fatalf("no documents in docs: %v", err)
	}
	return append(names, "../../README.md", "../../CONTRIBUTING.md")
}

// docExample is a fenced block of a document. Comments right before it set it up and are not seen by readers:
//
//	<!-- before: COMMAND -->  is run first, in the same shell; what it prints is not compared
//	<!-- knobs: JSON -->      changes the faults of the simulator that runs, at this point of the commands before
//	<!-- file: NAME -->       the block is the file NAME
//	<!-- counts vary -->      numbers are those of a moment, and not compared
type docExample struct {
	doc    string
	line   int // of the fence
	lang   string
	text   []string
	before []string // comments before and knobs
	file   string
	vary   bool
	steps  []docStep // of a console block
}

// docStep is one command and what it prints.
type docStep struct {
	line    int
	command string
	want    []string
}

func (e docExample) place() string { return fmt.Sprintf("%s:%d", e.doc, e.line) }

var (
	docComment = regexp.MustCompile(`^\s*<!--\s*(.*?)\s*-->\s*$`)
	docFence   = regexp.MustCompile("^\\s*```([a-z]*)$")
)

// readExamples returns the fenced blocks of a document.
func readExamples(name string) ([]docExample, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var all []docExample
	next, inside := docExample{doc: filepath.Base(name)}, false
	for i, line := range strings.Split(string(data), "\n") {
		fence := docFence.FindStringSubmatch(line)
		comment := docComment.FindStringSubmatch(line)
		switch {
		case fence != nil && inside:
			if next.lang == "console" {
				if err := next.parse(); err != nil {
					return nil, err
				}
			}
			all = append(all, next)
			next, inside = docExample{doc: next.doc}, false
		case inside:
			next.text = append(next.text, line)
		case fence != nil:
			next.line, next.lang, inside = i+1, fence[1], true
		case comment != nil:
			if err := next.direct(comment[1]); err != nil {
				return nil, fmt.Errorf("%s:%d: %w", next.doc, i+1, err)
			}
		case strings.TrimSpace(line) != "":
			if len(next.before) > 0 || next.file != "" || next.vary {
				return nil, fmt.Errorf("%s:%d: a comment sets up a block, and none follows", next.doc, i+1)
			}
		}
	}
	if inside {
		return nil, fmt.Errorf("%s: the block has no end", next.place())
	}
	return all, nil
}

// direct reads a comment.
func (e *docExample) direct(comment string) error {
	key, value, _ := strings.Cut(comment, ": ")
	switch key {
	case "before", "knobs":
		e.before = append(e.before, comment)
	case "file":
		e.file = value
	case "counts vary":
		e.vary = true
	default:
		return fmt.Errorf("the comment %q is none of before, knobs, file, counts vary", comment)
	}
	return nil
}

// parse finds the commands of a console block. One that ends in a backslash goes on in the next line.
func (e *docExample) parse() error {
	open := false
	for i, line := range e.text {
		command, begins := strings.CutPrefix(line, "$ ")
		switch {
		case open:
			last := &e.steps[len(e.steps)-1]
			last.command += "\n" + line
			open = strings.HasSuffix(line, `\`)
		case begins:
			e.steps = append(e.steps, docStep{line: e.line + 1 + i, command: command})
			open = strings.HasSuffix(line, `\`)
		case len(e.steps) == 0:
			return fmt.Errorf("%s: the console block does not begin with a command", e.place())
		default:
			last := &e.steps[len(e.steps)-1]
			last.want = append(last.want, line)
		}
	}
	for i := range e.steps { // an empty line before the next command is for the eye
		for want := &e.steps[i].want; len(*want) > 0 && (*want)[len(*want)-1] == ""; {
			*want = (*want)[:len(*want)-1]
		}
	}
	return nil
}

// runExamples runs the blocks of one document in order, with the sunbulk that path finds.
func runExamples(t *testing.T, path string, examples []docExample) {
	var all strings.Builder
	for _, e := range examples {
		for _, text := range append(e.text, e.before...) {
			all.WriteString(text + "\n")
		}
	}
	var server *redistest.Server
	if strings.Contains(all.String(), docRedis) {
		server = redistest.Start(t)
	}
	sh := newDocShell(t, path, server)
	for _, e := range examples {
		if e.file != "" {
			if err := os.WriteFile(filepath.Join(sh.dir, e.file), []byte(strings.Join(e.text, "\n")+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		for _, comment := range e.before {
			key, command, _ := strings.Cut(comment, ": ")
			if key == "knobs" {
				sh.setKnobs(command)
				continue
			}
			if out, code := sh.run(command); code != 0 {
				t.Fatalf("%s: before: %s ended with exit code %d\n%s", e.place(), command, code, out)
			}
		}
		for _, s := range e.steps {
			got := sh.step(s, e.vary)
			if problem := sh.compare(s.want, got, e.vary); problem != "" {
				t.Errorf("%s:%d: $ %s\nprints what the document does not: %s\n--- the document\n%s\n--- printed\n%s", e.doc, s.line, s.command, problem,
					strings.Join(s.want, "\n"), strings.Join(got, "\n"))
			}
		}
	}
}
