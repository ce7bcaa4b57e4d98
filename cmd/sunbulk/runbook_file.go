package main

import (
	"cmp"
	"fmt"
	"io"
	"os"

	"github.com/spf13/pflag"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/runbook"
)

// runbookFlags say what a runbook leaves open.
type runbookFlags struct {
	app   string
	input []string
	vars  []string // NAME=VALUE

	allowDuplicates bool
}

func (o *runbookFlags) register(f *pflag.FlagSet) {
	f.StringVar(&o.app, "app", "", "app id, of a runbook that names none")
	f.StringArrayVar(&o.input, "input", nil, "FILE in place of the runbook's input; can be repeated")
	f.StringArrayVar(&o.vars, "var", nil, "NAME=VALUE of a variable; it is kept with the run, so no secret")
}

// open reads a runbook, completes it by the flags, and checks all that needs no input.
func (o *runbookFlags) open(name string) (*runbook.Flow, error) {
	data, err := readAtMost(name, runbook.MaxFile+1)
	if err != nil {
		return nil, fmt.Errorf("open runbook: %w", err)
	}
	book, err := runbook.Parse(name, data)
	if err != nil {
		return nil, err
	}
	if o.app != "" && book.App != "" && o.app != book.App {
		return nil, usage(fmt.Sprintf("%s is for app %s, and --app is %s", name, book.App, o.app), "leave --app and SUNBULK_APP out, or take the app out of the runbook")
	}
	book.App = cmp.Or(book.App, o.app)
	if len(o.input) > 0 {
		book.Input = o.input
	}
	given, err := input.ParseVars(o.vars)
	if err != nil {
		return nil, err
	}
	vars, err := book.Variables(given)
	if err != nil {
		return nil, err
	}
	return book.Compile(vars)
}

// openRunbook reads a runbook and finds its input, which is read more than once.
func (p *program) openRunbook(o runbookFlags, simulate, name string) (*runbook.Flow, *input.Files, error) {
	flow, err := o.open(name)
	if err != nil {
		return nil, nil, err
	}
	if simulated(simulate) {
		flow.App = cmp.Or(flow.App, simulatedApp)
	}
	if len(flow.Input) == 0 {
		return nil, nil, usage("no input", "give --input FILE, or an input in the runbook")
	}
	files, err := p.find(flow.Input)
	if err != nil {
		return nil, nil, err
	}
	if name := files.Pipe(); name != "" {
		return nil, nil, usage(name+" is a pipe, and a runbook counts its input before it runs", "write it to a file, and give that")
	}
	return flow, files, nil
}

// note reports what is odd about the input.
func (p *program) note(message string) { printf(p.screen, "note: %s\n", message) }

// readAtMost reads the start of a file.
func readAtMost(name string, most int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, most))
}

// duplicatesFlag is of the commands that begin a run.
func (o *runbookFlags) duplicatesFlag(f *pflag.FlagSet) {
	f.BoolVar(&o.allowDuplicates, "allow-duplicates", false, "begin a run though another of the same runbook and input goes on, or has created what this one would")
}
