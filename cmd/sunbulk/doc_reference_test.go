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

var update = flag.Bool("update", false, "write docs/reference.md from the commands")

const referenceFile = "../../docs/reference.md"

const referenceHead = `# Reference of the command line

Every command with its flags, made from the program's own help by ` + "`go test ./cmd/sunbulk -run TestReference -update`" + `.
Each flag has an environment variable: ` + "`--base-url`" + ` is ` + "`SUNBULK_BASE_URL`" + `; the few that are only for the command line are marked. ` + "`sunbulk COMMAND --help`" + ` prints the same.

`

// TestReference holds docs/reference.md to the commands and flags that there are.
func TestReference(t *testing.T) {
	p := &program{stdin: strings.NewReader(""), stdout: io.Discard, screen: terminal.NewScreen(io.Discard), drain: context.Background()}
	defer p.screen.Close()
	var out strings.Builder
	out.WriteString(referenceHead)
	root := p.root()
	fmt.Fprintf(&out, "```text\n%s\n```\n\n## Flags of every command\n\n", root.Long)
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
		t.Errorf("docs/reference.md differs from the commands (-file +commands); -update writes it:\n%s", diff)
	}
}

// writeCommand writes a command, and those below it.
func writeCommand(out *strings.Builder, cmd *cobra.Command) {
	if cmd.Hidden || cmd.Name() == "help" || cmd.Name() == "completion" {
		return
	}
	fmt.Fprintf(out, "## %s\n\n%s.\n\n", cmd.CommandPath(), strings.TrimSuffix(cmd.Short, "."))
	if cmd.Runnable() && !cmd.HasSubCommands() {
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
	const head = "| flag | meaning | default |\n|---|---|---|\n"
	escape := strings.NewReplacer("|", `\|`, "\n", " ").Replace
	any := false
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		if !any {
			out.WriteString(head)
			any = true
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
		fmt.Fprintf(out, "| `%s` | %s | %s |\n", strings.TrimSpace(name+" "+kind), escape(usage), escape(preset))
	})
	if any {
		out.WriteString("\n")
	}
}
