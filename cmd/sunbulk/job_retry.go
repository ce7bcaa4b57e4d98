package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/service"
)

func (p *program) retryCommand() *cobra.Command {
	var (
		redis string
		o     = service.RetryOrder{Note: p.say}
	)
	cmd := &cobra.Command{
		Use:   "retry JOB",
		Short: "A new job from the failed rows of one",
		Long: `Retry queues the failed rows of a job that has ended as a new job with the same options, and
prints its id on stdout. Rows in doubt are not among them: look at in_doubt.csv first.

Each row is taken once: without --cause, rows of causes that were retried before are left out. After an
interruption the same command continues the same job.`,
		Example: `  sunbulk retry 20261122-153012-k3f9
  sunbulk retry 20261122-153012-k3f9 --cause user_not_found`,
		Args: needJob,
		RunE: func(_ *cobra.Command, args []string) error {
			o.Of, o.By = args[0], asked("")
			return p.withRedis(redis, func(ctx context.Context, s *service.Service) error {
				job, err := s.Retry(ctx, o)
				if err != nil {
					return err
				}
				return p.announce(ctx, s, job)
			})
		},
	}
	redisFlag(cmd.Flags(), &redis, redisMeaning)
	cmd.Flags().StringVar(&o.Cause, "cause", "", "only rows with this error code, as status names it")
	cmd.Flags().BoolVar(&o.AllowDuplicates, "allow-duplicates", false, "also rows that an earlier retry took")
	return cmd
}
