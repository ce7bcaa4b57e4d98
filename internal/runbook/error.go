package runbook

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sunbulk/sunbulk/internal/spelling"
	"github.com/sunbulk/sunbulk/jobs"
)

// maxProblems is how many problems of a file are reported at once.
const maxProblems = 10

// Problem is one thing that is wrong with a runbook.
type Problem struct {
	Line   int    // from 1; 0 when no line is at fault
	Column int    // from 1; 0 when none is
	Path   string // such as steps[1].set.matchCriteria.phoneNumber; empty when the whole file is at fault
	Cause  string
	Hint   string // what to do, or empty
}

// Error says what is wrong with a runbook, a line for each problem as "file:line:column: path: cause".
type Error struct {
	File     string    // as given
	Problems []Problem // in the order of the file, at most ten
	More     int       // problems that are left out
}

func (e *Error) Error() string {
	var lines []string
	if n := len(e.Problems) + e.More; n > 1 {
		lines = append(lines, fmt.Sprintf("%s has %d problems", jobs.Line(e.File), n))
	}
	for _, p := range e.Problems {
		lines = append(lines, jobs.Line(e.line(p)))
	}
	if e.More > 0 {
		lines = append(lines, fmt.Sprintf("… and %d more", e.More))
	}
	return strings.Join(lines, "\n")
}

func (e *Error) line(p Problem) string {
	var b strings.Builder
	b.WriteString(e.File + ":")
	if p.Line > 0 {
		fmt.Fprintf(&b, "%d:%d:", p.Line, p.Column)
	}
	b.WriteByte(' ')
	if p.Path != "" {
		b.WriteString(p.Path + ": ")
	}
	b.WriteString(p.Cause)
	if p.Hint != "" {
		b.WriteString("; " + p.Hint)
	}
	return b.String()
}

// Fault returns the *Error of one problem at a path.
func (r *Runbook) Fault(path, cause, hint string) error {
	return newError(r.source(), []Problem{r.problem(path, cause, hint)})
}

// newError returns the *Error of the problems, or nil when there is none.
func newError(file string, problems []Problem) error {
	if len(problems) == 0 {
		return nil
	}
	slices.SortStableFunc(problems, func(a, b Problem) int { return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column)) })
	told := problems[:min(maxProblems, len(problems))]
	return &Error{File: file, Problems: told, More: len(problems) - len(told)}
}

// hinted is why a value is wrong, with what to do.
type hinted struct{ cause, hint string }

func (h hinted) Error() string { return h.cause }

// hintOf returns what to do about an error of a check, or "".
func hintOf(err error) string {
	h, _ := errors.AsType[hinted](err)
	return h.hint
}

// near returns the hint for a name that is not known.
func near(name string, known []string) string {
	if found := spelling.Nearest(name, known); found != "" {
		return "did you mean " + found + "?"
	}
	return ""
}
