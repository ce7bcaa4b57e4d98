package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/schedule"
)

func (p *program) scheduleListCommand() *cobra.Command {
	var redis string
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "The schedules, a line each",
		Example: `  sunbulk schedule list --redis redis://localhost:6379`,
		Args:    noArguments,
		RunE: func(*cobra.Command, []string) error {
			return p.withSchedules(redis, "", p.listSchedules)
		},
	}
	redisFlag(cmd.Flags(), &redis, redisMeaning)
	return cmd
}

// listed is a schedule in the list.
type listed struct {
	Name     string          `json:"name"`
	App      string          `json:"app"`
	Cron     string          `json:"cron"`
	Timezone string          `json:"timezone"`
	Next     *slot           `json:"next"`
	Last     *schedule.Entry `json:"last"` // what the last slot did, or the last run that was asked for
	Running  []string        `json:"running"`
	Overdue  bool            `json:"overdue"` // no worker has dealt with a slot that has come
	Paused   *pause          `json:"paused"`
}

// pause is why and since when nothing starts.
type pause struct {
	Since  time.Time `json:"since"`
	Who    string    `json:"who"`
	Reason string    `json:"reason"`
}

func (p *program) listSchedules(ctx context.Context, schedules *schedule.Store) error {
	names, err := schedules.Names(ctx)
	if err != nil {
		return err
	}
	now, err := schedules.Now(ctx)
	if err != nil {
		return err
	}
	all := []listed{}
	for _, name := range names {
		l, err := readListed(ctx, schedules, name, now)
		if errors.Is(err, schedule.ErrNone) { // it is being removed
			continue
		}
		if err != nil {
			return err
		}
		all = append(all, l)
	}
	if p.json {
		return p.writeJSON(all)
	}
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tCRON\tTIMEZONE\tNEXT\tLAST\tREMARK")
	for _, l := range all {
		printf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", l.Name, l.Cron, l.Timezone, l.next(), l.last(), l.remark())
	}
	return w.Flush()
}

func readListed(ctx context.Context, schedules *schedule.Store, name string, now time.Time) (listed, error) {
	d, err := schedules.Get(ctx, name)
	if err != nil {
		return listed{}, err
	}
	table, err := schedule.Parse(d.Runbook)
	if err != nil {
		return listed{}, err
	}
	l := listed{
		Name: name, App: d.Runbook.App, Cron: d.Runbook.Schedule.Cron, Timezone: table.Zone().String(), Running: append([]string{}, d.Running...),
		Overdue: d.Overdue(table, now),
	}
	if next := nextSlots(table, now, 1); len(next) > 0 {
		l.Next = &next[0]
	}
	if !d.Paused.IsZero() {
		l.Paused = &pause{d.Paused, d.Who, d.Reason}
	}
	l.Last, err = schedules.LastSlot(ctx, name)
	return l, err
}

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
