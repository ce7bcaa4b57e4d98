package main

import (
	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/runbook"
)

func (p *program) runbookSchemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of runbooks, for editors",
		Long: `Schema prints what a runbook may hold, as JSON Schema. Editors complete and check runbooks by it whose
first line names it: # yaml-language-server: $schema=runbook.schema.json`,
		Example: `  sunbulk runbook schema > runbook.schema.json`,
		Args:    noArguments,
		RunE: func(*cobra.Command, []string) error {
			_, err := p.stdout.Write(runbook.Schema())
			return err
		},
	}
}
