package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sunbulk/sunbulk/internal/local"
	"github.com/sunbulk/sunbulk/internal/report"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/jobs"
)

func (p *program) writeJSON(v any) error {
	enc := json.NewEncoder(p.stdout)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}

// describeFiltered says how many rows were left out, if any were.
func describeFiltered(w io.Writer, rows int64) {
	if rows > 0 {
		printf(w, "noop: %s left out by --where\n", jobs.Count(rows, "row"))
	}
}

// mostCauses is how many causes a person is shown.
const mostCauses = 8

// describe says what became of a job, for people: the sum of its rows, its calls, and why rows failed.
func describe(w io.Writer, s report.Summary) {
	describeSum(w, s)
	describeCauses(w, s.Causes, false)
	describeInputs(w, s.Inputs)
}

// describeLinks says what became of the links, and how to find out about those that are pending.
func describeLinks(w io.Writer, s report.Summary, how string) {
	var counts []string
	for _, c := range s.Links.Counts() {
		if c.Count != 0 {
			counts = append(counts, group(c.Count)+" "+string(c.State))
		}
	}
	if len(counts) == 0 {
		return
	}
	text := "links: " + strings.Join(counts, ", ")
	if s.Links.Pending > 0 && !s.Simulated && s.Origin.Run == "" {
		text += "; what is pending may still fail: " + how
	}
	printf(w, "%s\n", text)
}

// howToVerify is how links that are pending are followed from a report folder.
func howToVerify(out string, state jobs.State) string {
	kept := slices.ContainsFunc([]string{local.FileName, local.KeptName}, func(name string) bool { // that one becomes this when the report is written
		_, err := os.Stat(filepath.Join(out, name))
		return err == nil
	})
	if kept && state == jobs.Finished {
		return fmt.Sprintf("'sunbulk verify %s' asks what became of it", filepath.Clean(out))
	}
	return fmt.Sprintf("'sunbulk run %s --max-failures 100%% --out %s' asks what became of it", filepath.Join(out, "verify.csv"), filepath.Clean(out)+"-verified")
}

// describeSum says how many rows came to what, and how many calls that took.
func describeSum(w io.Writer, s report.Summary) {
	printf(w, "%s\n", s.Sum())
	describeFiltered(w, s.Filtered)
	if s.Calls.Total == 0 {
		return
	}
	printf(w, "%s", jobs.Count(s.Calls.Total, "call"))
	if s.Calls.Retries+s.Calls.Throttled+s.Calls.Looks > 0 {
		printf(w, " (%s, %s answered 429, %s after a lost answer)", jobs.Count(s.Calls.Retries, "retry"), group(s.Calls.Throttled), jobs.Count(s.Calls.Looks, "check"))
	}
	if s.Calls.Lookups > 0 {
		printf(w, ", %s among them,", jobs.Count(s.Calls.Lookups, "lookup"))
	}
	if d := s.Times.DurationSeconds; d > 0 {
		printf(w, " in %s", time.Duration(d*float64(time.Second)).Round(100*time.Millisecond))
	}
	fmt.Fprintln(w)
}

// describeCauses says why rows failed: how many, and the first of them. With advice it says what to do
// about each, too.
func describeCauses(w io.Writer, causes []report.Cause, advice bool) {
	for i, c := range causes {
		if i == mostCauses {
			printf(w, "  … and %s, see summary.json\n", jobs.Count(len(causes)-i, "more cause"))
			return
		}
		if !advice {
			printf(w, "  %6s  %-24s row %d: %s\n", group(c.Count), c.Code, c.Row, c.Error)
			continue
		}
		printf(w, "  %6s  %-24s %3.0f%%  row %d: %s\n", group(c.Count), c.Code, 100*c.Share, c.Row, c.Error)
		wrap(w, "          ", c.Advice)
		switch {
		case c.TakenBy != "":
			printf(w, "          Job %s has taken them to run them again.\n", c.TakenBy)
		case c.Retry != "" && c.Mends():
			printf(w, "          Either that, or the rows as they are: %s\n", c.Retry)
		case c.Retry != "":
			printf(w, "          %s\n", c.Retry)
		}
	}
}

// describeInputs warns of inputs that were not read to their end.
func describeInputs(w io.Writer, inputs []jobs.Input) {
	for _, in := range inputs {
		if in.Error != "" {
			printf(w, "warning: %s was not read to its end: %s\n", in.Name, in.Error)
		}
	}
}

// describeFound says how many clients lists found and a filter kept, if any were.
func describeFound(w io.Writer, c service.Clients) {
	if c.Found > 0 {
		printf(w, "clients found: %s; kept by --where: %s\n", group(c.Found), group(c.Kept))
	}
}

// describeUnjudged warns of clients that a filter could not judge.
func describeUnjudged(w io.Writer, c service.Clients) {
	if c.Unjudged > 0 {
		printf(w, "warning: clients that --where could not judge, and that are in no file: %s\n", group(c.Unjudged))
		fmt.Fprintln(w, "hint: results.csv has the rows that found them, and the cause in its column detail")
	}
}

// warnOfNothing reports an input without a row, which may be an export that failed.
func (p *program) warnOfNothing(rows int64) {
	if rows == 0 {
		fmt.Fprintln(p.screen, "warning: the input has no rows (hint: look whether what wrote it has worked)")
	}
}

// wrap writes text in lines of at most 80 columns, each behind the indent.
func wrap(w io.Writer, indent, text string) {
	const columns = 80
	line := indent
	for word := range strings.FieldsSeq(text) {
		if line != indent && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > columns {
			printf(w, "%s\n", line)
			line = indent
		}
		if line != indent {
			line += " "
		}
		line += word
	}
	printf(w, "%s\n", line)
}
