package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/sunbulk/sunbulk/internal/plan"
	"github.com/sunbulk/sunbulk/jobs"
)

// mostPlanned is how many integrations, and how many causes, a person is shown.
const mostPlanned = 10

func writePlan(out io.Writer, p plan.Plan) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	printf(w, "rows\t%s\n", group(p.Rows))
	counts(w, "", p.Operations)
	counts(w, "channel ", p.Channels)
	for _, in := range p.Integrations[:min(mostPlanned, len(p.Integrations))] {
		printf(w, "  integration %s\t%s\n", strings.TrimSpace(in.ID+" "+in.Type), group(in.Rows))
	}
	if more := len(p.Integrations) - mostPlanned; more > 0 {
		printf(w, "  … and %d more integrations\n", more)
	}
	counts(w, "confirmation ", p.Confirmations)
	printf(w, "people who get a message\t%s\n", group(p.People))
	printf(w, "rejected\t%s\n", group(p.Rejected))
	if p.Filtered > 0 {
		printf(w, "left out by --where\t%s\n", group(p.Filtered))
	}
	lookups := ""
	if p.Lookups > 0 {
		lookups = " (" + jobs.Count(p.Lookups, "lookup") + ")"
	}
	printf(w, "calls\t%s%s\n", group(p.Calls), lookups)
	if p.Rate > 0 {
		printf(w, "time at %g calls/s\t%s\n", p.Rate, upToSecond(p.Duration()))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	writeNumbers(out, p.Numbers())
	writeRejections(out, p.Rejections)
	writeWarnings(out, p.Warnings)
	writeConflicts(out, p.Conflicts)
	for _, in := range p.Inputs {
		if in.Error != "" {
			printf(out, "warning: %s was not read to its end: %s\n", in.Name, in.Error)
		}
	}
	return nil
}

func upToSecond(d time.Duration) time.Duration {
	return (d + time.Second - 1).Truncate(time.Second)
}

// counts writes a line per name, the most frequent first.
func counts[K ~string](w io.Writer, prefix string, by map[K]int64) {
	names := slices.SortedFunc(maps.Keys(by), func(a, b K) int { return cmp.Or(cmp.Compare(by[b], by[a]), cmp.Compare(a, b)) })
	for _, name := range names {
		printf(w, "  %s%s\t%s\n", prefix, name, group(by[name]))
	}
}

// writeFirst shows rows as they would be sent.
func writeFirst(out io.Writer, rows []plan.First) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, r := range rows {
		what := string(r.Op)
		switch {
		case r.Filtered:
			what = "left out by --where"
		case r.Rejected != "":
			what = "rejected: " + r.Rejected
		}
		printf(w, "row %d in line %d: %s\n", r.Row, r.Line, what)
		for _, c := range jobs.Columns() {
			if value := r.Values[c.Path]; value != "" {
				printf(w, "  %s\t%s\n", c.Path, jobs.Line(value))
			}
		}
	}
	_ = w.Flush() // printf drops what cannot be written, too
}

// writeNumbers shows some phone numbers as they are sent, for a person to compare with the file.
func writeNumbers(out io.Writer, numbers []plan.Number) {
	if len(numbers) == 0 {
		return
	}
	shown := make([]string, len(numbers))
	for i, n := range numbers {
		shown[i] = fmt.Sprintf("%s (row %d)", n.PhoneNumber, n.Row)
	}
	fmt.Fprintf(out, "numbers as they are sent: %s\n", strings.Join(shown, ", "))
}

func writeWarnings(out io.Writer, warnings []plan.Cause) {
	for i, c := range warnings {
		if i == mostPlanned {
			fmt.Fprintf(out, "warning: … and %d more, see --json\n", len(warnings)-i)
			break
		}
		fmt.Fprintf(out, "warning: %s: %s, the first is row %d in line %d\n", strings.TrimSpace(c.Column+" "+c.Cause), jobs.Count(c.Count, "row"), c.Row, c.Line)
	}
}

func writeRejections(out io.Writer, causes []plan.Cause) {
	for i, c := range causes {
		if i == mostPlanned {
			printf(out, "rejected: … and for %s, see --json\n", jobs.Count(len(causes)-i, "more cause"))
			break
		}
		printf(out, "rejected: %s: %s, the first is row %d in line %d\n", strings.TrimSpace(c.Column+" "+c.Cause), jobs.Count(c.Count, "row"), c.Row, c.Line)
	}
}

// conflictTexts tell what a conflict is, and what may come of it or be done.
var conflictTexts = map[plan.Kind][2]string{
	plan.CreatedTwice:      {"a user gets a second client of the same type and integration", ""},
	plan.CreatedAndRemoved: {"a user gets a client and loses one", "rows of a user keep their order only within a batch: where it matters, put them one after the other, or in two jobs"},
	plan.RemovedTwice:      {"a client is removed again", "if the users differ, one of them is wrong"},
	plan.SharedContact:     {"a phone number or address is given to another user of the same integration", "the later link may take it from the earlier user"},
	plan.MessagedTwice:     {"a phone number or address gets another message", ""},
}

func writeConflicts(out io.Writer, conflicts []plan.Conflict) {
	for _, c := range conflicts {
		text := conflictTexts[c.Kind]
		pairs := make([]string, len(c.Rows))
		for i, pair := range c.Rows {
			pairs[i] = fmt.Sprintf("row %d after row %d", pair[1], pair[0])
		}
		if c.Count > int64(len(pairs)) {
			pairs = append(pairs, "…")
		}
		printf(out, "warning: %s: %s (%s)\n", text[0], jobs.Count(c.Count, "row"), strings.Join(pairs, ", "))
		if text[1] != "" {
			printf(out, "hint: %s\n", text[1])
		}
	}
}

// writeFindings says what a check found.
func writeFindings(w io.Writer, findings []plan.Finding) {
	for _, f := range findings {
		printf(w, "%s: %s\n", f.Level, f.Text)
		if f.Hint != "" {
			printf(w, "hint: %s\n", f.Hint)
		}
	}
}
