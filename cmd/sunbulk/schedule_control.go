package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/schedule"
)

// controlSchedule makes one of the commands that change a schedule; done is what is said then, already when there was
// nothing to change.
func (p *program) controlSchedule(use, short, done, already string, change func(ctx context.Context, schedules *schedule.Store, name string) error) *cobra.Command {
	var redis string
	cmd := &cobra.Command{
		Use:     use + " NAME",
		Short:   short,
		Example: "  sunbulk schedule " + use + " clean-up",
		Args:    needSchedule,
		RunE: func(_ *cobra.Command, args []string) error {
			return p.withSchedules(redis, args[0], func(ctx context.Context, schedules *schedule.Store) error {
				text := done
				err := change(ctx, schedules, args[0])
				if errors.Is(err, schedule.ErrAlready) {
					text, err = already, nil
				}
				if err == nil {
					printf(p.screen, "schedule %s %s\n", args[0], text)
				}
				return err
			})
		},
	}
	redisFlag(cmd.Flags(), &redis, redisMeaning)
	return cmd
}

func (p *program) schedulePauseCommand() *cobra.Command {
	var reason string
	cmd := p.controlSchedule("pause", "Let the slots of a schedule pass; a run that has started goes on", "is paused", "is paused already",
		func(ctx context.Context, schedules *schedule.Store, name string) error {
			why := reason
			if why == "" {
				why = "paused by " + operator()
			}
			return schedules.Pause(ctx, name, operator(), why)
		})
	cmd.Example = "  sunbulk schedule pause clean-up --reason 'vendor maintenance'"
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the history and for those who are told that nothing ran")
	return cmd
}

func (p *program) scheduleResumeCommand() *cobra.Command {
	var reason string
	cmd := p.controlSchedule("resume", "Let the next slot start again; those of the pause are not caught up", "goes on", "is not paused",
		func(ctx context.Context, schedules *schedule.Store, name string) error {
			return schedules.Resume(ctx, name, operator(), reason)
		})
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the history")
	return cmd
}

func (p *program) scheduleRemoveCommand() *cobra.Command {
	return p.controlSchedule("remove", "Forget a schedule and its history; a run that has started goes on", "is removed", "",
		func(ctx context.Context, schedules *schedule.Store, name string) error {
			return schedules.Remove(ctx, name)
		})
}

func (p *program) scheduleTriggerCommand() *cobra.Command {
	cmd := p.controlSchedule("trigger", "Ask for a run now, beside the timetable", "is asked for this run; a worker of its app starts it", "",
		func(ctx context.Context, schedules *schedule.Store, name string) error {
			run, err := schedules.Trigger(ctx, name, operator())
			if err != nil {
				return err
			}
			if p.json {
				return p.writeJSON(map[string]string{"run": run})
			}
			_, err = fmt.Fprintln(p.stdout, run)
			return err
		})
	cmd.Long = `Trigger asks for a run beside the timetable and prints its id on stdout. A worker starts it within a second
or so, of a paused schedule too. Its overlap holds as for a slot: while another run goes on, it is skipped,
waits, or cancels that run.`
	return cmd
}
