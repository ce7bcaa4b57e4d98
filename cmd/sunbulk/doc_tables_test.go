package main

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/jobs"
)

// writeTable writes a table of Markdown.
func writeTable(out io.Writer, head []string, lines [][]string) {
	escape := strings.NewReplacer("|", `\|`, "\n", " ").Replace
	fmt.Fprintf(out, "| %s |\n|%s\n", strings.Join(head, " | "), strings.Repeat("---|", len(head)))
	for _, cells := range lines {
		for i := range cells {
			cells[i] = escape(cells[i])
		}
		fmt.Fprintf(out, "| %s |\n", strings.Join(cells, " | "))
	}
	fmt.Fprintln(out)
}

// quoted marks words as code, and joins them.
func quoted(words []string, last string) string {
	var marked []string
	for _, w := range words {
		marked = append(marked, "`"+w+"`")
	}
	if n := len(marked); last != "" && n > 1 {
		return strings.Join(marked[:n-1], ", ") + " " + last + " " + marked[n-1]
	}
	return strings.Join(marked, ", ")
}

// writeExitCodes takes the codes from the program's help.
func writeExitCodes(out io.Writer, help string) {
	var lines [][]string
	for _, m := range regexp.MustCompile(`(?m)^  (\d+) +(.*)$`).FindAllStringSubmatch(help, -1) {
		lines = append(lines, m[1:])
	}
	fmt.Fprint(out, "## Exit codes\n\n")
	writeTable(out, []string{"code", "meaning"}, lines)
}

func writeOperations(out io.Writer) {
	var lines [][]string
	for _, o := range jobs.Operations() {
		needs, takes := o.Required, []string{}
		for _, path := range o.Columns {
			if !slices.Contains(needs, path) {
				takes = append(takes, path)
			}
		}
		lines = append(lines, []string{quoted([]string{string(o.Name)}, ""), o.Summary, quoted(needs, ""), quoted(takes, ""), fmt.Sprint(o.Calls)})
	}
	fmt.Fprint(out, "## Operations\n\nEvery row has a `user`, and may have a `brandId`. A row takes up to so many calls, and more for retries.\n\n")
	writeTable(out, []string{"operation", "asks for", "needs", "also takes", "calls"}, lines)
	for _, o := range jobs.Operations() {
		var ways []string
		for _, group := range o.Either {
			ways = append(ways, quoted(group, "and"))
		}
		if len(ways) > 0 {
			fmt.Fprintf(out, "A `%s` needs %s.\n\n", o.Name, strings.Join(ways, ", or "))
		}
	}
}

func writeColumns(out io.Writer) {
	lines := [][]string{{"`op`", "", "", "all", "operation of the row; `--op` where a row has none"}}
	for _, c := range jobs.Columns() {
		var need, take []string
		for _, o := range jobs.Operations() {
			switch {
			case slices.Contains(o.Required, c.Path):
				need = append(need, string(o.Name))
			case o.Reads(c.Path):
				take = append(take, string(o.Name))
			}
		}
		all := func(ops []string) string {
			if len(ops) == len(jobs.Operations()) {
				return "all"
			}
			return quoted(ops, "")
		}
		lines = append(lines, []string{quoted([]string{c.Path}, ""), quoted(input.Names(c.Path), ""), all(need), all(take), c.Meaning})
	}
	fmt.Fprint(out, "## Columns\n\nOf an input, and of the CSV files of a report that are input again. Case, spaces, `_` and `-` in names make no difference. [Input](input.md#columns) has examples.\n\n")
	writeTable(out, []string{"column", "also named", "needed by", "read by", "holds"}, lines)
	fmt.Fprintf(out, "Files of a report have `%s`, `%s` and `%s` as well, which say [what may run again](report.md).\n\n", jobs.RerunColumn, jobs.LineageColumn, jobs.CreatedID)
}
