package main

import (
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/service"
)

const filesHelp = `FILE is a path, - for standard input, a quoted pattern such as 'exports/*.csv', https://HOST/PATH or
s3://BUCKET/KEY, which may be a pattern too. newest: before a pattern is the one changed last.`

func needFiles(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usage("no input file", "give one or more files, or - for standard input")
	}
	return refuseWorlds(cmd.Flags(), args)
}

// find finds the files that the arguments name.
func (p *program) find(args []string) (*input.Files, error) {
	files, err := input.Finder{AllowHTTP: p.allowHTTP}.Find(p.drain, args)
	return files, p.orInterrupted(err)
}

// findPlanned finds the files, and holds the command to its --plan.
func (p *program) findPlanned(flags *pflag.FlagSet, args []string) (*input.Files, error) {
	files, err := p.find(args)
	if err != nil {
		return nil, err
	}
	return files, p.followPlan(flags, files)
}

// orInterrupted returns err, or what ended it when that was an interruption.
func (p *program) orInterrupted(err error) error {
	if err != nil && p.drain.Err() != nil && !errors.As(err, new(*service.Interrupted)) {
		return endWith(exitInterrupted, errors.New("interrupted"), "")
	}
	return err
}
