package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/service"
)

// scheduleMove is a command that changes a schedule: done is what is said then, already when there was nothing to change.
type scheduleMove struct {
	use, short, done, already string
	do                        func(s *service.Service, ctx context.Context, name string, by service.By) (service.Already, error)
}

func (p *program) controlSchedule(m scheduleMove, reason *string) *cobra.Command {
	var redis string
	cmd := &cobra.Command{
		Use:     m.use + " NAME",
		Short:   m.short,
		Example: "  sunbulk schedule " + m.use + " clean-up",
		Args:    needSchedule,
		RunE: func(_ *cobra.Command, args []string) error {
			return p.withRedis(redis, func(ctx context.Context, s *service.Service) error {
				already, err := m.do(s, ctx, args[0], asked(*reason))
				if err != nil {
					return err
				}
				text := m.done
				if already.State != "" {
					text = m.already
				}
				printf(p.screen, "schedule %s %s\n", args[0], text)
				return nil
			})
		},
	}
	redisFlag(cmd.Flags(), &redis, redisMeaning)
	return cmd
}

func (p *program) schedulePauseCommand() *cobra.Command {
	var reason string
	cmd := p.controlSchedule(scheduleMove{"pause", "Let the slots of a schedule pass; a run that has started goes on", "is paused", "is paused already",
		(*service.Service).PauseSchedule}, &reason)
	cmd.Example = "  sunbulk schedule pause clean-up --reason 'vendor maintenance'"
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the history and for those who are notified that nothing ran")
	return cmd
}

func (p *program) scheduleResumeCommand() *cobra.Command {
	var reason string
	cmd := p.controlSchedule(scheduleMove{"resume", "Let the next slot start again; those of the pause are not caught up", "goes on", "is not paused",
		(*service.Service).ResumeSchedule}, &reason)
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the history")
	return cmd
}

func (p *program) scheduleRemoveCommand() *cobra.Command {
	return p.controlSchedule(scheduleMove{"remove", "Forget a schedule and its history; a run that has started goes on", "is removed", "",
		func(s *service.Service, ctx context.Context, name string, by service.By) (service.Already, error) {
			return service.Already{}, s.RemoveSchedule(ctx, name, by)
		}}, new(string))
}

func (p *program) scheduleTriggerCommand() *cobra.Command {
	cmd := p.controlSchedule(scheduleMove{"trigger", "Ask for a run now, beside the timetable", "is asked for this run; a worker of its app starts it", "",
		func(s *service.Service, ctx context.Context, name string, by service.By) (none service.Already, err error) {
			run, err := s.TriggerSchedule(ctx, name, by)
			if err != nil {
				return none, err
			}
			if p.json {
				return none, p.writeJSON(map[string]string{"run": run})
			}
			_, err = fmt.Fprintln(p.stdout, run)
			return none, err
		}}, new(string))
	cmd.Long = `Trigger asks for a run beside the timetable and prints its id on stdout. A worker starts it within a second
or so, of a paused schedule too. Its overlap holds as for a slot: while another run goes on, it is skipped,
waits, or cancels that run.`
	return cmd
}
