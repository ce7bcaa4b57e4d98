//go:build unix

package main

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// TestModes holds the table of docs/modes.md to the flags that there are: a command that cannot do without a Redis stands
// in the column of Redis alone, and every other one that does something to jobs in the one before.
func TestModes(t *testing.T) {
	text, err := os.ReadFile("../../docs/modes.md")
	if err != nil {
		t.Fatal(err)
	}
	var without, with string
	for line := range strings.Lines(string(text)) {
		if cells := strings.Split(line, "|"); len(cells) == 5 {
			without += cells[2]
			with += cells[3]
		}
	}
	names := func(column, command string) bool {
		return slices.ContainsFunc(strings.Split(column, "`"), func(span string) bool {
			return span == command || strings.HasPrefix(span, command+" ")
		})
	}
	checked := 0
	var visit func(cmd *cobra.Command)
	visit = func(cmd *cobra.Command) {
		for _, sub := range cmd.Commands() {
			visit(sub)
		}
		redis := cmd.Flags().Lookup("redis")
		path := strings.TrimPrefix(cmd.CommandPath(), "sunbulk ")
		if redis == nil || strings.HasPrefix(path, "schedule ") || cmd.HasSubCommands() { // all of schedule is one line
			return
		}
		checked++
		embedded := strings.Contains(redis.Usage, "embedded") || cmd.Flags().Lookup("simulate") != nil || strings.Contains(cmd.Use, "FOLDER")
		if !names(with, path) {
			t.Errorf("docs/modes.md does not say that %s works on Redis", path)
		}
		if names(without, path) != embedded {
			t.Errorf("docs/modes.md says of %s in one process: %t, and the command: %t", path, !embedded, embedded)
		}
	}
	visit(testRoot())
	if checked < 15 {
		t.Errorf("%d commands have --redis", checked)
	}
}
