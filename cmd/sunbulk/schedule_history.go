package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/schedule"
	"github.com/sunbulk/sunbulk/internal/service"
)

func (p *program) scheduleHistoryCommand() *cobra.Command {
	return p.countCommand(&cobra.Command{
		Use:   "history NAME",
		Short: "What became of each slot, and who changed the schedule",
		Long: `History tells what each slot did, the newest first: it started a run, which ended so, or it was skipped,
missed or could not start, and why. Of a run that has ended it tells how many rows of the input came through
all steps. Who applied, paused, resumed and triggered stands there, too.`,
		Example: `  sunbulk schedule history clean-up --count 50`,
	}, 20, "how many entries", p.scheduleHistory)
}

func (p *program) scheduleHistory(ctx context.Context, s *service.Service, name string, count int) error {
	d, table, err := s.Schedule(ctx, name)
	if err != nil {
		return err
	}
	entries, err := s.ScheduleHistory(ctx, d.Name, count)
	if err != nil {
		return err
	}
	if p.json {
		return p.writeJSON(entries)
	}
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "AT\tSLOT\tWHAT\tRUN\tCAME THROUGH\tBY\tREASON")
	for _, e := range entries {
		slot, through := "", ""
		if e.Who == "" && !e.Slot.IsZero() {
			slot = e.Slot.In(table.Zone()).Format(slotForm)
		}
		if e.Rows != nil {
			through = group(e.Rows.OK) + " of " + group(e.Rows.Read)
		}
		printf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", e.At.In(table.Zone()).Format(time.DateTime), slot, outcome(e), e.Run, through, e.Who, e.Reason)
	}
	return w.Flush()
}

// outcome says in a word or two what an entry tells.
func outcome(e schedule.Entry) string {
	switch {
	case e.State != "":
		return string(e.What) + ", " + e.State
	case e.Slots > 1:
		return fmt.Sprintf("%s, %s slots", e.What, group(e.Slots))
	case e.What == schedule.NotStarted:
		return "not started"
	}
	return string(e.What)
}
