package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/service"
)

func (p *program) scheduleCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "schedule",
		Short: "Runbooks that run by themselves",
		Long: `A runbook with a schedule is run by workers at its times, once it is applied: Redis keeps it, and any
worker of its app starts it. Each slot of its timetable starts one run, whichever workers come and go.`,
		Example: `  sunbulk schedule apply clean-up.yaml --redis redis://localhost:6379
  sunbulk schedule list
  sunbulk schedule history clean-up`,
		Args: noCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		p.scheduleApplyCommand(), p.scheduleListCommand(), p.scheduleNextCommand(), p.schedulePauseCommand(), p.scheduleResumeCommand(),
		p.scheduleTriggerCommand(), p.scheduleHistoryCommand(), p.scheduleRemoveCommand(),
	)
	return cmd
}

// needSchedule is for commands on one schedule.
func needSchedule(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usage("the name of one schedule is needed", "'sunbulk schedule list' lists them")
	}
	return nil
}

// slotForm is a time in the zone of a timetable, with what its clock is ahead of UTC.
const slotForm = "Mon 2006-01-02 15:04 -07:00"

// countCommand completes a command that shows so many things of a schedule.
func (p *program) countCommand(cmd *cobra.Command, few int, of string, show func(ctx context.Context, s *service.Service, name string, count int) error) *cobra.Command {
	var (
		redis string
		count int
	)
	cmd.Args = needSchedule
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		if count < 1 || count > 10_000 {
			return usage(fmt.Sprintf("--count: %d is not between 1 and 10000", count), "")
		}
		return p.withRedis(redis, func(ctx context.Context, s *service.Service) error { return show(ctx, s, args[0], count) })
	}
	cmd.Flags().IntVar(&count, "count", few, of)
	redisFlag(cmd.Flags(), &redis, redisMeaning)
	return cmd
}
