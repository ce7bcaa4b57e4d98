package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sunbulk/sunbulk/internal/terminal"
)

var update = flag.Bool("update", false, "write docs/reference.md from the program")

const referenceFile = "../../docs/reference.md"

const referenceHead = `# Reference

Made from the program by ` + "`go test ./cmd/sunbulk -run TestReference -update`" + `: from its table of operations and columns, the schema of runbooks, and the help of its commands.

- [Exit codes](#exit-codes)
- [Operations](#operations) and [columns](#columns)
- [Runbook keys](#runbook-keys)
- [Flags of every command](#flags-of-every-command), and the commands: %s

`

// TestReference holds docs/reference.md to the operations, columns, runbook keys, commands and flags that there are.
func TestReference(t *testing.T) {
	p := &program{stdin: strings.NewReader(""), stdout: io.Discard, screen: terminal.NewScreen(io.Discard), drain: context.Background()}
	defer p.screen.Close()
	root := p.root()
	var commands []string
	for _, cmd := range root.Commands() {
		if inReference(cmd) {
			commands = append(commands, fmt.Sprintf("[%s](#%s)", cmd.Name(), strings.ReplaceAll(cmd.CommandPath(), " ", "-")))
		}
	}
	var out strings.Builder
	fmt.Fprintf(&out, referenceHead, strings.Join(commands, ", "))
	writeExitCodes(&out, root.Long)
	writeOperations(&out)
	writeColumns(&out)
	writeRunbookKeys(t, &out)
	out.WriteString("## Flags of every command\n\nEach flag has an environment variable: `--base-url` is `SUNBULK_BASE_URL`; those that are only for the command line are marked. `sunbulk COMMAND --help` prints the same.\n\n")
	writeFlags(&out, root.PersistentFlags())
	for _, cmd := range root.Commands() {
		writeCommand(&out, cmd)
	}
	if *update {
		if err := os.WriteFile(referenceFile, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(referenceFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(kept), out.String()); diff != "" {
		t.Errorf("docs/reference.md differs from the program (-file +program); -update writes it:\n%s", diff)
	}
}

// inReference tells whether a command is one that people call.
func inReference(cmd *cobra.Command) bool {
	return !cmd.Hidden && cmd.Name() != "help" && cmd.Name() != "completion"
}

// writeCommand writes a command, and those below it.
func writeCommand(out *strings.Builder, cmd *cobra.Command) {
	if !inReference(cmd) {
		return
	}
	fmt.Fprintf(out, "## %s\n\n%s.\n\n", cmd.CommandPath(), strings.TrimSuffix(cmd.Short, "."))
	if cmd.Runnable() {
		text := "Usage: " + cmd.UseLine()
		if cmd.Long != "" {
			text += "\n\n" + cmd.Long
		}
		if cmd.Example != "" {
			text += "\n\nExamples:\n" + strings.TrimRight(cmd.Example, "\n")
		}
		fmt.Fprintf(out, "```text\n%s\n```\n\n", text)
	}
	writeFlags(out, cmd.LocalNonPersistentFlags())
	for _, sub := range cmd.Commands() {
		writeCommand(out, sub)
	}
}

// writeFlags writes a table of flags, nothing where there is none.
func writeFlags(out *strings.Builder, flags *pflag.FlagSet) {
	var lines [][]string
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		kind, usage := pflag.UnquoteUsage(f)
		if _, single := f.Annotations[commandLineOnly]; single {
			usage += " (command line only)"
		}
		preset := ""
		if f.DefValue != "" && f.DefValue != "[]" && f.DefValue != "false" {
			preset = "`" + f.DefValue + "`"
		}
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		lines = append(lines, []string{"`" + strings.TrimSpace(name+" "+kind) + "`", usage, preset})
	})
	if len(lines) > 0 {
		writeTable(out, []string{"flag", "meaning", "default"}, lines)
	}
}
