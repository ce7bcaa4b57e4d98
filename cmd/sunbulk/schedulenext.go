package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/schedule"
)

func (p *program) scheduleNextCommand() *cobra.Command {
	var (
		redis string
		count int
	)
	cmd := &cobra.Command{
		Use:   "next NAME",
		Short: "The next slots of a schedule",
		Long: `Next tells when a schedule starts next: in its time zone, with the offset from UTC, in which changes of the
clocks show, and in UTC. With jitter a run starts later than its slot, always by the same time.`,
		Example: `  sunbulk schedule next clean-up --count 10`,
		Args:    needSchedule,
		RunE: func(_ *cobra.Command, args []string) error {
			if count < 1 || count > 10_000 {
				return usage("--count is not between 1 and 10000", "")
			}
			return p.withSchedules(redis, args[0], func(ctx context.Context, schedules *schedule.Store) error {
				return p.showNext(ctx, schedules, args[0], count)
			})
		},
	}
	cmd.Flags().IntVar(&count, "count", 5, "how many slots")
	redisFlag(cmd.Flags(), &redis, redisMeaning)
	return cmd
}

func (p *program) showNext(ctx context.Context, schedules *schedule.Store, name string, count int) error {
	d, err := schedules.Get(ctx, name)
	if err != nil {
		return err
	}
	table, err := schedule.Parse(d.Runbook)
	if err != nil {
		return err
	}
	now, err := schedules.Now(ctx)
	if err != nil {
		return err
	}
	slots := nextSlots(table, now, count)
	if p.json {
		return p.writeJSON(slots)
	}
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "SLOT IN %s\tSLOT IN UTC\tSTARTS\n", table.Zone())
	for _, s := range slots {
		fmt.Fprintf(w, "%s\t%s\t%s\n", s.Slot.Format(slotForm), s.Slot.UTC().Format("2006-01-02 15:04"), s.Start.Format(time.TimeOnly))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if !d.Paused.IsZero() {
		fmt.Fprintf(p.screen, "%s is paused: %s\n", name, d.Reason)
	}
	return nil
}
