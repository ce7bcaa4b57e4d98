//go:build unix

package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/sunbulk/sunbulk/internal/terminal"
)

// docStub stands for sunbulk, and for every other command, in a block that is read and not run: it writes down how it
// was called. So the shell itself says what the words of a command are.
const docStub = `
PATH=
command_not_found_handle() { :; }
sunbulk() { printf '%s\0' "$@"; printf '\1\0'; } >>"$CALLS"
docker() { :; }; go() { :; }; make() { :; }
`

// TestDocumentCommands holds the sh blocks of documents to what the command line knows: each sunbulk in them is a
// command with its flags and arguments, and the files of testdata that it names are there.
func TestDocumentCommands(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash")
	}
	checked := 0
	for _, name := range documentNames(t) {
		examples, err := readExamples(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range examples {
			if e.lang != "sh" {
				continue
			}
			calls := filepath.Join(t.TempDir(), "calls")
			cmd := exec.Command(bash, "--noprofile", "--norc", "-c", docStub+strings.Join(e.text, "\n")+"\nwait")
			cmd.Env, cmd.Dir = []string{"CALLS=" + calls}, filepath.Dir(calls)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", e.place(), err, out)
			}
			data, err := os.ReadFile(calls)
			if err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
			if len(data) == 0 && strings.Contains(strings.Join(e.text, "\n"), "sunbulk ") && !strings.Contains(strings.Join(e.text, "\n"), "docker") {
				t.Errorf("%s: the block names sunbulk and does not call it", e.place())
			}
			made := map[string]bool{} // report folders of the block
			for call := range strings.SplitSeq(strings.TrimSuffix(string(data), "\x01\x00"), "\x01\x00") {
				if call == "" {
					continue
				}
				checked++
				args := strings.Split(strings.TrimSuffix(call, "\x00"), "\x00")
				for i, arg := range args {
					if made[arg] {
						args[i] = cmd.Dir // a folder that is there
					}
				}
				if i := slices.Index(args, "--out"); i >= 0 && i+1 < len(args) {
					made[args[i+1]] = true
				}
				if err := checkCall(args); err != nil {
					t.Errorf("%s: sunbulk %s: %v", e.place(), strings.Join(args, " "), err)
				}
			}
		}
	}
	if checked == 0 {
		t.Error("no document has a command in an sh block")
	}
}

// testRoot is the command line, for questions about it.
func testRoot() *cobra.Command {
	p := &program{screen: terminal.NewScreen(io.Discard), stdout: io.Discard}
	return p.root()
}

// checkCall says what is wrong with the arguments of sunbulk.
func checkCall(args []string) error {
	cmd, rest, err := testRoot().Find(args)
	if err != nil {
		return err
	}
	cmd.InitDefaultHelpFlag()
	if err := cmd.ParseFlags(rest); err != nil {
		return err
	}
	if err := cmd.ValidateArgs(cmd.Flags().Args()); err != nil {
		return err
	}
	for _, arg := range args {
		_, value, _ := strings.Cut(arg, "=")
		for _, name := range []string{arg, value} {
			if !strings.HasPrefix(name, "testdata/") {
				continue
			}
			if found, err := filepath.Glob(filepath.Join("../..", name)); err != nil || len(found) == 0 {
				return fmt.Errorf("there is no %s", name)
			}
		}
	}
	return nil
}

var (
	docSpan = regexp.MustCompile("`sunbulk ([a-z][^`]*)`")
	docFlag = regexp.MustCompile(`^--[a-z][a-z-]*`)
)

// TestDocumentSpans holds what prose says in passing, as `sunbulk retry JOB --cause CODE`, to the names of commands and
// flags.
func TestDocumentSpans(t *testing.T) {
	checked := 0
	for _, name := range documentNames(t) {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(data), "\n") {
			for _, span := range docSpan.FindAllStringSubmatch(line, -1) {
				checked++
				if err := checkSpan(span[1]); err != nil {
					t.Errorf("%s:%d: `sunbulk %s`: %v", filepath.Base(name), i+1, span[1], err)
				}
			}
		}
	}
	if checked == 0 {
		t.Error("no document names a command")
	}
}

// checkSpan says what is wrong with a command in prose: a\|b are several commands.
func checkSpan(text string) error {
	words := strings.Fields(strings.ReplaceAll(text, `\|`, "|"))
	cmd := testRoot()
	for len(words) > 0 && cmd.HasSubCommands() && !strings.HasPrefix(words[0], "-") {
		var next *cobra.Command
		for alternative := range strings.SplitSeq(words[0], "|") {
			found, _, err := cmd.Find([]string{alternative})
			if err != nil || found == cmd {
				return fmt.Errorf("no command %q", alternative)
			}
			next = found
		}
		cmd, words = next, words[1:]
	}
	cmd.InitDefaultHelpFlag()
	for _, word := range words {
		flag := strings.TrimPrefix(docFlag.FindString(word), "--")
		if flag != "" && cmd.Flags().Lookup(flag) == nil && cmd.InheritedFlags().Lookup(flag) == nil {
			return fmt.Errorf("no flag --%s", flag)
		}
	}
	return nil
}
