package main

import (
	"context"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/schedule"
	"github.com/sunbulk/sunbulk/internal/service"
)

func (p *program) scheduleListCommand() *cobra.Command {
	var redis string
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "The schedules, a line each",
		Example: `  sunbulk schedule list --redis redis://localhost:6379`,
		Args:    noArguments,
		RunE: func(*cobra.Command, []string) error {
			return p.withRedis(redis, p.listSchedules)
		},
	}
	redisFlag(cmd.Flags(), &redis, redisMeaning)
	return cmd
}

func (p *program) listSchedules(ctx context.Context, s *service.Service) error {
	all, unreadable, err := s.Schedules(ctx)
	if err != nil {
		return err
	}
	p.warnUnreadable(unreadable)
	if p.json {
		return p.writeJSON(all)
	}
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tCRON\tTIMEZONE\tNEXT\tLAST\tREMARK")
	for _, st := range all {
		l := listed{st}
		printf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", l.Name, l.Cron, l.Timezone, l.next(), l.last(), l.remark())
	}
	return w.Flush()
}

// listed is a schedule in the list, for people.
type listed struct{ service.ScheduleStatus }

func (l listed) next() string {
	if l.Next == nil {
		return "never"
	}
	return l.Next.Slot.Format(slotForm)
}

func (l listed) last() string {
	if l.Last == nil {
		return "-"
	}
	return outcome(*l.Last)
}

func (l listed) remark() string {
	switch {
	case l.Paused != nil:
		return "paused by " + l.Paused.Who + ": " + l.Paused.Reason
	case l.Overdue:
		return "overdue: no worker of app " + l.App + " has dealt with a slot that has come"
	case l.Last != nil && l.Last.What != schedule.Started:
		return l.Last.Reason
	}
	return ""
}
