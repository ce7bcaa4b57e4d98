package main

import (
	"context"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/service"
)

func (p *program) scheduleNextCommand() *cobra.Command {
	return p.countCommand(&cobra.Command{
		Use:   "next NAME",
		Short: "The next slots of a schedule",
		Long: `Next tells when a schedule starts next: in its time zone, with the offset from UTC, in which changes of the
clocks show, and in UTC. With jitter a run starts later than its slot, always by the same time.`,
		Example: `  sunbulk schedule next clean-up --count 10`,
	}, 5, "how many slots", p.showNext)
}

func (p *program) showNext(ctx context.Context, s *service.Service, name string, count int) error {
	d, table, err := s.Schedule(ctx, name)
	if err != nil {
		return err
	}
	slots, err := s.NextSlots(ctx, name, count)
	if err != nil {
		return err
	}
	if p.json {
		return p.writeJSON(slots)
	}
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	printf(w, "SLOT IN %s\tSLOT IN UTC\tSTARTS\n", table.Zone())
	for _, s := range slots {
		printf(w, "%s\t%s\t%s\n", s.Slot.Format(slotForm), s.Slot.UTC().Format("2006-01-02 15:04"), s.Start.Format(time.TimeOnly))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if !d.Paused.IsZero() {
		printf(p.screen, "%s is paused: %s\n", d.Name, d.Reason)
	}
	return nil
}
