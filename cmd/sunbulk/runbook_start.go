package main

import (
	"context"
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/jobs"
)

func (p *program) runbookStartCommand() *cobra.Command {
	var (
		o     runbookFlags
		redis string
		order service.RunOrder
	)
	cmd := &cobra.Command{
		Use:   "start FILE",
		Short: "Begin a run of a runbook on Redis, for workers to continue",
		Long: `Start queues the first step of a runbook on --redis and prints the run's id on stdout. Workers make the
calls, and move the run from step to step: no command has to stay. After an interruption --resume goes on
with the run that was being begun.`,
		Example: `  sunbulk runbook start migrate.yaml --redis redis://localhost:6379
  sunbulk runbook start migrate.yaml --input 'newest:s3://exports/users-*.csv.gz' --var new=5f1a0c52d8b7e4000c3a9e02`,
		Args: needRunbook,
		RunE: func(_ *cobra.Command, args []string) error {
			defer debug.SetGCPercent(debug.SetGCPercent(percentWithInput))
			return p.startRunbook(o, redis, order, args[0])
		},
	}
	o.register(cmd.Flags())
	cmd.Flags().StringVar(&order.Resume, "resume", "", "continue this run, whose beginning was cut off")
	exceedFlag(cmd.Flags(), &order.ExceedCaps)
	o.duplicatesFlag(cmd.Flags())
	redisFlag(cmd.Flags(), &redis, redisMeaning)
	return cmd
}

func (p *program) startRunbook(o runbookFlags, redis string, order service.RunOrder, name string) (err error) {
	if order.Flow, order.Files, err = p.openRunbook(o, "", name); err != nil {
		return err
	}
	if order.Flow.App == "" {
		return usage("no app id", "give --app, or name the app in the runbook")
	}
	if order.Resume != "" {
		if err := checkRun([]string{order.Resume}); err != nil {
			return err
		}
	}
	order.AllowDuplicates, order.Remark, order.By = o.allowDuplicates, p.note, asked("")
	order.Begins = func(id string) {
		if !p.quiet {
			printf(p.screen, "run %s: after an interruption --resume %s continues it\n", id, id)
		}
	}
	return p.withRedis(redis, func(ctx context.Context, s *service.Service) error {
		v, err := s.StartRun(ctx, order)
		if err != nil {
			return err
		}
		if p.json {
			return p.writeJSON(v.Summary())
		}
		if !p.quiet {
			printf(p.screen, "begun with %s of input; 'sunbulk runbook status %s' tells how it goes on\n", jobs.Count(v.Rows(), "row"), v.Run.ID)
		}
		_, err = fmt.Fprintln(p.stdout, v.Run.ID)
		return err
	})
}
