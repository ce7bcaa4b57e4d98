package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/internal/timezone"
	"github.com/sunbulk/sunbulk/jobs"
)

func (p *program) rateCommand() *cobra.Command {
	var (
		redis string
		o     rateOptions
	)
	cmd := &cobra.Command{
		Use:   "rate APP [RATE|max|auto]",
		Short: "Read or set the rate of an app while its jobs run",
		Long: `Rate tells the calls per second that all workers together make to an app, and why. With a number it
sets them for all jobs, with max it drops --reserve and --finish-by, and with auto the jobs' own
options count again. Workers follow within a second.

A rate that is set holds until the jobs of the app that are under way have ended (of a runbook, its step);
with --until until a time, with --keep until 'sunbulk rate APP auto'. Who set it, until when and why
stands in status, in what enqueue and run say, and in the reports of the jobs.`,
		Example: `  sunbulk rate 5e4af71a81966cfff3ef6550
  sunbulk rate 5e4af71a81966cfff3ef6550 40 --reason 'the vendor raised our limit'
  sunbulk rate 5e4af71a81966cfff3ef6550 5 --until 06:00
  sunbulk rate 5e4af71a81966cfff3ef6550 auto`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 || len(args) > 2 || args[0] == "" {
				return usage("give an app id, and perhaps a rate", "e.g. sunbulk rate APP 40")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return p.showRate(redis, args[0], args[1:], o) },
	}
	f := cmd.Flags()
	redisFlag(f, &redis, redisMeaning)
	f.StringVar(&o.until, "until", "", "how long it holds: 06:00 or 2026-11-24 06:00, in --timezone")
	f.StringVar(&o.zone, "timezone", "", "of --until, e.g. Europe/Madrid (default: this machine's)")
	f.BoolVar(&o.keep, "keep", false, "it holds until it is taken back with 'sunbulk rate APP auto'")
	f.StringVar(&o.reason, "reason", "", "why, for status and the report")
	return cmd
}

// rateOptions say until when a rate holds, and why.
type rateOptions struct {
	until, zone, reason string
	keep                bool
}

// holding reads until when a rate holds.
func (o rateOptions) holding(set bool, now time.Time) (h service.Holding, err error) {
	switch {
	case !set && (o.until != "" || o.keep || o.reason != ""):
		return h, usage("--until, --keep and --reason are of a rate that is set", "e.g. sunbulk rate APP 40 --keep")
	case o.until != "" && o.keep:
		return h, usage("--until and --keep do not go together", "give one of them")
	case o.until == "":
		return service.Holding{Keep: o.keep}, nil
	}
	at := jobs.Schedule{FinishBy: o.until, Timezone: o.zone}
	if at.Timezone == "" {
		if at.Timezone, err = timezone.Here().Zone(); err != nil {
			return h, usage(fmt.Sprintf("--until %s: this machine does not say which time zone that is in: %s", o.until, err), "give --timezone, e.g. --timezone Europe/Madrid")
		}
	}
	if h.Until, err = at.Deadline(now); err != nil {
		return h, usage("--until: "+err.Error(), "e.g. --until 06:00")
	}
	if !h.Until.After(now) {
		return h, usage("--until "+o.until+" is past", "give a later time")
	}
	return h, nil
}

// showRate sets the rate of an app where one is given, and says what it is.
func (p *program) showRate(redis, app string, set []string, o rateOptions) error {
	holding, err := o.holding(len(set) > 0, time.Now())
	if err != nil {
		return err
	}
	for _, rate := range set {
		if err := service.CheckRate(rate); err != nil {
			return err
		}
	}
	return p.withRedis(redis, func(ctx context.Context, s *service.Service) error {
		for _, rate := range set {
			if err := s.SetRate(ctx, app, rate, holding, asked(o.reason)); err != nil {
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
		printf(p.stdout, "app %s: %s%s\n", app, now, idle)
		return nil
	})
}
