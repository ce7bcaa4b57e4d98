package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/schedule"
	"github.com/sunbulk/sunbulk/internal/spelling"
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

// withSchedules does something with the schedules on a Redis, and says what to do about its error; name is
// that of the schedule that is asked for.
func (p *program) withSchedules(redis, name string, do func(context.Context, *schedule.Store) error) error {
	st, err := p.openStore(p.drain, redis)
	if err != nil {
		return err
	}
	defer st.Close()
	schedules := schedule.NewStore(st.rdb)
	err = do(p.drain, schedules)
	switch {
	case errors.Is(err, schedule.ErrNone):
		return p.noSchedule(schedules, name)
	case errors.Is(err, schedule.ErrIllegal):
		return usage(err.Error(), fmt.Sprintf("'sunbulk schedule history %s' tells where it stands", name))
	}
	return err
}

// noSchedule is the error for a name that no schedule has.
func (p *program) noSchedule(schedules *schedule.Store, name string) error {
	names, err := schedules.Names(p.drain)
	if err != nil {
		return err
	}
	hint := "'sunbulk schedule list' lists them"
	if near := spelling.Nearest(name, names); near != "" {
		hint = "did you mean " + near + "? " + hint
	}
	return usage(fmt.Sprintf("there is no schedule %q", name), hint)
}

// slotForm is a time in the zone of a timetable, with what its clock is ahead of UTC.
const slotForm = "Mon 2006-01-02 15:04 -07:00"

// slot is one of a timetable, for people and for scripts.
type slot struct {
	Slot  time.Time `json:"slot"`
	Start time.Time `json:"start"` // later by the jitter
}

// nextSlots are the first slots of a timetable after a time, in its zone.
func nextSlots(t *schedule.Timetable, after time.Time, count int) []slot {
	all := []slot{}
	for len(all) < count {
		next, ok := t.Next(after)
		if !ok {
			break
		}
		all = append(all, slot{next, t.Start(next)})
		after = next
	}
	return all
}

// countCommand completes a command that shows so many things of a schedule.
func (p *program) countCommand(cmd *cobra.Command, few int, of string, show func(context.Context, *schedule.Store, *schedule.Schedule, *schedule.Timetable, int) error) *cobra.Command {
	var (
		redis string
		count int
	)
	cmd.Args = needSchedule
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		if count < 1 || count > 10_000 {
			return usage(fmt.Sprintf("--count: %d is not between 1 and 10000", count), "")
		}
		return p.withSchedules(redis, args[0], func(ctx context.Context, schedules *schedule.Store) error {
			d, err := schedules.Get(ctx, args[0])
			if err != nil {
				return err
			}
			table, err := schedule.Parse(d.Runbook)
			if err != nil {
				return err
			}
			return show(ctx, schedules, d, table, count)
		})
	}
	cmd.Flags().IntVar(&count, "count", few, of)
	redisFlag(cmd.Flags(), &redis, redisMeaning)
	return cmd
}
