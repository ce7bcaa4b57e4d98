package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/pace"
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
		RunE: func(_ *cobra.Command, args []string) error { return p.rate(p.drain, redis, args) },
	}
	redisFlag(cmd.Flags(), &redis, redisMeaning)
	return cmd
}

func (p *program) rate(ctx context.Context, redis string, args []string) error {
	if len(args) == 2 {
		if err := checkRate(args[1]); err != nil {
			return err
		}
	}
	st, err := p.openStore(ctx, redis)
	if err != nil {
		return err
	}
	defer st.Close()
	app := args[0]
	if len(args) == 2 {
		if err := pace.Override(ctx, st.rdb, app, args[1]); err != nil {
			return err
		}
	}
	s, err := pace.Read(ctx, st.rdb, app)
	if err != nil {
		return err
	}
	if p.json {
		return p.writeJSON(s)
	}
	idle := ""
	if s.Jobs == 0 {
		idle = " (no job of it runs now)"
	}
	_, err = fmt.Fprintf(p.stdout, "app %s: %s%s\n", app, s, idle)
	return err
}

// checkRate accepts max, auto, and a rate above 0: an app without any limit is left to the jobs' own
// options.
func checkRate(s string) error {
	if s == pace.Auto || s == pace.Max {
		return nil
	}
	if rate, err := strconv.ParseFloat(s, 64); err != nil || !(rate >= 0.01 && rate <= 1e6) {
		return usage(fmt.Sprintf("%q is not a rate from 0.01 to 1000000, max or auto", s), "'sunbulk pause JOB' stops a job")
	}
	return nil
}
