package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/preview"
)

func (p *program) runbookCheckCommand() *cobra.Command {
	var o runbookFlags
	cmd := &cobra.Command{
		Use:   "check FILE",
		Short: "Check a runbook, and show its steps and what the first would do; sends nothing",
		Long: `Check reads a runbook and its variables, says all that is wrong with them, with line and column, and shows
the steps as they would be done: an expression stands for a value that depends on the row or on what the
API answers. Where the input can be read, it shows what the first step would do with its first rows.
It needs no credentials and sends nothing.`,
		Example: `  sunbulk runbook check migrate.yaml --var new=5f1a0c52d8b7e4000c3a9e02
  sunbulk runbook check cleanup.yaml --input users.csv --json`,
		Args: needRunbook,
		RunE: func(_ *cobra.Command, args []string) error {
			return p.orInterrupted(p.runbookCheck(p.drain, o, args[0]))
		},
	}
	o.register(cmd.Flags())
	return cmd
}

func (p *program) runbookCheck(ctx context.Context, o runbookFlags, name string) error {
	flow, err := o.open(name)
	if err != nil {
		return err
	}
	checked, err := preview.Check(flow, time.Now())
	if err != nil {
		return err
	}
	checked.Rows, err = preview.FirstRows(ctx, flow, input.Finder{AllowHTTP: p.allowHTTP}, p.note)
	if preview.Unreadable(err) && len(o.input) == 0 {
		printf(p.screen, "note: the input cannot be read here: %v\n", err)
	} else if err != nil {
		return err
	}
	if p.json {
		return p.writeJSON(checked)
	}
	return writeChecked(p.stdout, checked)
}
