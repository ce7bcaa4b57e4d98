package main

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func (p *program) runbookCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "runbook",
		Short: "Sequences of operations in one file: check, run, and follow them",
		Long: `A runbook is a YAML file with steps, each an operation on every row that came through the step before:
a migration, a cleanup, a backfill. docs/runbooks.md teaches it.`,
		Example: `  sunbulk runbook check migrate.yaml
  sunbulk runbook run migrate.yaml --simulate
  sunbulk runbook start migrate.yaml --redis redis://localhost:6379`,
		Args: noCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		p.runbookCheckCommand(), p.runbookSchemaCommand(), p.runbookPlanCommand(), p.runbookRunCommand(), p.runbookStartCommand(), p.runbookStatusCommand(), p.runbookReportCommand(),
		p.runbookPauseCommand(), p.runbookResumeCommand(), p.runbookCancelCommand(),
	)
	return cmd
}

// needRunbook is for commands on one runbook file.
func needRunbook(cmd *cobra.Command, args []string) error {
	if err := refuseWorlds(cmd.Flags(), args); err != nil {
		return err
	}
	if len(args) != 1 {
		return usage("one runbook is needed", "e.g. sunbulk runbook check migrate.yaml")
	}
	return nil
}

const exceedHint = "look whether that is meant; --exceed-caps goes on"

func exceedFlag(f *pflag.FlagSet, exceed *bool) {
	f.BoolVar(exceed, "exceed-caps", false, "go on where a cap would be exceeded")
	_ = f.SetAnnotation("exceed-caps", commandLineOnly, nil) // nobody means it for all runs
}
