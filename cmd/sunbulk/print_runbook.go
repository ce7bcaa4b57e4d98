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
	"unicode"

	"github.com/sunbulk/sunbulk/internal/preview"
	"github.com/sunbulk/sunbulk/internal/runbook"
	"github.com/sunbulk/sunbulk/jobs"
)

// write shows the runbook as tables.
func writeChecked(out io.Writer, c preview.Checked) error {
	printf(out, "runbook %s is sound\n", c.Name)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	writeFacts(w, c)
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(out)
	fmt.Fprintln(w, "STEP\tNAME\tOP\tLIMITS\tWHERE AND SET")
	for i, s := range c.Steps {
		lines := stepWords(s)
		for j, line := range lines {
			if j == 0 {
				printf(w, "%d\t%s\t%s\t%s\t%s\n", i+1, s.Name, s.Op, limits(s.Op, s.Options.Options), line)
			} else {
				printf(w, "\t\t\t\t%s\n", line)
			}
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if len(c.Rows) > 0 {
		printf(out, "\nfirst rows, as %s would have them\n", c.Steps[0].Name)
		for _, row := range c.Rows {
			printf(out, "  row %d, line %d: %s\n", row.Row, row.Line, rowWords(row, c.Steps[0].Op))
		}
	}
	return nil
}

func writeFacts(w io.Writer, c preview.Checked) {
	for _, fact := range []struct{ name, text string }{
		{"description", oneLine(c.Description)},
		{"app", cmp.Or(c.App, "none: --app gives it")},
		{"input", cmp.Or(strings.Join(c.Input, ", "), "none: --input gives it")},
		{"variables", strings.Join(pairs(c.Vars), ", ")},
		{"pace", paceOf(c.Steps[0].Options.Options)},
		{"caps", capsOf(c.Caps)},
		{"schedule", scheduleOf(c)},
		{"tells", strings.Join(c.Notify, ", ")},
	} {
		if fact.text != "" {
			printf(w, "%s\t%s\n", fact.name, fact.text)
		}
	}
}

// words are the lines of a step in the last column of the table.
func stepWords(s preview.CheckedStep) []string {
	var lines []string
	if s.Where != "" {
		lines = append(lines, "where "+oneLine(s.Where))
	}
	lines = append(lines, pairs(s.Set)...)
	if len(lines) == 0 {
		return []string{"all"}
	}
	return lines
}

// pairs writes each name with its value, in the order of names.
func pairs(values map[string]string) []string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		all = append(all, name+" = "+oneLine(values[name]))
	}
	return all
}

func rowWords(r preview.CheckedRow, op jobs.Op) string {
	switch {
	case r.Rejected != "":
		return "rejected: " + oneLine(r.Rejected)
	case r.LeftOut:
		return "left out, " + oneLine(r.User)
	}
	return strings.Join(append([]string{string(op) + " " + oneLine(r.User)}, pairs(r.Values)...), ", ")
}

// paceOf says how fast the steps may go, and when.
func paceOf(o jobs.Options) string {
	text := "no limit"
	if o.Rate > 0 {
		text = fmt.Sprintf("%g calls/s", o.Rate)
	}
	text += fmt.Sprintf(", %.4g%% reserved, priority %s", o.Reserve*100, o.Priority)
	if o.Window != "" {
		text += ", in the window " + o.Window + " " + o.Timezone
	}
	return text
}

// limits are those of a step that bear on its operation.
func limits(op jobs.Op, o jobs.Options) string {
	text := fmt.Sprintf("%s, max_failures %s", jobs.Count(o.Attempts, "attempt"), o.MaxFailures)
	if op.Waits() {
		text += ", within " + o.Within.String()
	}
	if op.Creates() {
		text += ", resend " + string(o.Resend)
	}
	if o.Canary.Rows > 0 {
		text += fmt.Sprintf(", canary %d", o.Canary.Rows)
	}
	return text
}

func capsOf(c runbook.Caps) string {
	var all []string
	for _, count := range []struct {
		name string
		rows int64
	}{{"max_rows", c.MaxRows}, {"max_removes", c.MaxRemoves}, {"min_rows", c.MinRows}} {
		if count.rows > 0 {
			all = append(all, count.name+" "+group(count.rows))
		}
	}
	for _, share := range []struct{ name, text string }{{"max_share", c.MaxShare}, {"max_shrink", c.MaxShrink}} {
		if share.text != "" {
			all = append(all, share.name+" "+share.text)
		}
	}
	return strings.Join(all, ", ")
}

func scheduleOf(c preview.Checked) string {
	s := c.Schedule
	if s == nil {
		return ""
	}
	text := s.Cron + " " + cmp.Or(s.Timezone, c.Timezone, "UTC") + ", overlap " + cmp.Or(s.Overlap, "skip")
	if s.Jitter > 0 {
		text += ", jitter " + time.Duration(s.Jitter).String()
	}
	if s.CatchUp > 0 {
		text += ", catch_up " + time.Duration(s.CatchUp).String()
	}
	if len(s.Exclude) > 0 {
		text += ", not on " + strings.Join(s.Exclude, ", ")
	}
	if s.Paused {
		text += ", paused at first"
	}
	return text + "; next " + c.NextSlot.Format("2006-01-02 15:04 MST")
}

// oneLine makes a text of a file fit for a table on a terminal.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return unicode.ReplacementChar
		}
		return r
	}, strings.Join(strings.Fields(text), " "))
}
