package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/service"
)

func (p *program) rateCommand() *cobra.Command {
	var redis string
	cmd := &cobra.Command{
		Use:   "rate APP [RATE|max|auto]",
		Short: "Read or set the rate of an app while its jobs run",
		Long: `Rate tells the calls per second that all workers together make to an app, and why. With a number it
sets them for all jobs, with max it drops --reserve and --finish-by, and with auto the jobs' own
options count again. Workers follow within a second.`,
		Example: `  sunbulk rate 5e4af71a81966cfff3ef6550
  sunbulk rate 5e4af71a81966cfff3ef6550 40
  sunbulk rate 5e4af71a81966cfff3ef6550 auto`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 || len(args) > 2 || args[0] == "" {
				return usage("give an app id, and perhaps a rate", "e.g. sunbulk rate APP 40")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return p.showRate(redis, args[0], args[1:]) },
	}
	redisFlag(cmd.Flags(), &redis, redisMeaning)
	return cmd
}

// showRate sets the rate of an app where one is given, and says what it is.
func (p *program) showRate(redis, app string, set []string) error {
	for _, rate := range set {
		if err := service.CheckRate(rate); err != nil {
			return err
		}
	}
	return p.withRedis(redis, func(ctx context.Context, s *service.Service) error {
		for _, rate := range set {
			if err := s.SetRate(ctx, app, rate); err != nil {
				return err
			}
		}
		now, err := s.Rate(ctx, app)
		if err != nil {
			return err
		}
		if p.json {
			return p.writeJSON(now)
		}
		idle := ""
		if now.Jobs == 0 {
			idle = " (no job of it runs now)"
		}
		_, err = printf(p.stdout, "app %s: %s%s\n", app, now, idle)
		return err
	})
}
