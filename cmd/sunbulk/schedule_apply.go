package main

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/runbook"
	"github.com/sunbulk/sunbulk/internal/schedule"
)

func (p *program) scheduleApplyCommand() *cobra.Command {
	var (
		o     runbookFlags
		redis string
	)
	cmd := &cobra.Command{
		Use:   "apply FILE...",
		Short: "Make or change the schedules of runbooks",
		Long: `Apply checks all FILEs, then keeps each runbook under its name on --redis, from where workers run it by its
schedule. What is paused stays so, and what has not changed is left alone. Workers read the input when a
run starts: a path is one on their machines, and what it names must be among their own --inputs.`,
		Example: `  sunbulk schedule apply runbooks/*.yaml --redis redis://localhost:6379
  sunbulk schedule apply clean-up.yaml --var days=120`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("no runbook", "e.g. sunbulk schedule apply clean-up.yaml")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return p.applySchedules(o, redis, args) },
	}
	f := cmd.Flags()
	f.StringVar(&o.app, "app", "", "app id, of runbooks that name none")
	f.StringArrayVar(&o.vars, "var", nil, "NAME=VALUE of a variable; it is kept with the schedule, so no secret")
	redisFlag(f, &redis, redisMeaning)
	return cmd
}

// applied is what apply tells of one runbook.
type applied struct {
	Name   string          `json:"name"`
	Change schedule.Change `json:"change"`
	Paused bool            `json:"paused"`
	Next   []slot          `json:"next"`
}

func (p *program) applySchedules(o runbookFlags, redis string, files []string) error {
	var flows []*runbook.Flow
	var tables []*schedule.Timetable
	from := map[string]string{} // name → file
	for _, file := range files {
		flow, table, err := o.openScheduled(file)
		if err != nil {
			return err
		}
		if other, twice := from[flow.Name]; twice {
			return usage(fmt.Sprintf("%s and %s both have the name %s", other, file, flow.Name), "a schedule has the name of its runbook: give one of them another")
		}
		from[flow.Name] = file
		flows, tables = append(flows, flow), append(tables, table)
	}
	all := []applied{}
	err := p.withSchedules(redis, "", func(ctx context.Context, schedules *schedule.Store) error {
		now, err := schedules.Now(ctx)
		if err != nil {
			return err
		}
		for i, flow := range flows {
			change, err := schedules.Apply(ctx, flow.Runbook, flow.Vars, operator())
			if err != nil {
				return err
			}
			d, err := schedules.Get(ctx, flow.Name)
			if err != nil {
				return err
			}
			if change != schedule.Unchanged && !p.quiet {
				p.note(fmt.Sprintf("schedule %s: workers read %s only if it is among their own --inputs", flow.Name, strings.Join(flow.Input, ", ")))
			}
			all = append(all, applied{flow.Name, change, !d.Paused.IsZero(), nextSlots(tables[i], now, 3)})
		}
		return nil
	})
	if err != nil {
		return err
	}
	return p.showApplied(all)
}

// openScheduled reads a runbook and its timetable, and checks all that needs no input.
func (o *runbookFlags) openScheduled(file string) (*runbook.Flow, *schedule.Timetable, error) {
	flow, err := o.open(file)
	if err != nil {
		return nil, nil, err
	}
	switch {
	case flow.App == "":
		return nil, nil, usage(file+" names no app", "give --app, or name the app in the runbook")
	case len(flow.Input) == 0:
		return nil, nil, flow.Fault("input", "is missing", "a schedule reads its input by itself, such as 'newest:s3://exports/users-*.csv.gz'")
	}
	table, err := schedule.Parse(flow.Runbook)
	if err != nil {
		return nil, nil, err
	}
	return flow, table, table.Check(time.Now())
}

func (p *program) showApplied(all []applied) error {
	if p.json {
		return p.writeJSON(all)
	}
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	for _, a := range all {
		what := string(a.Change)
		if a.Paused {
			what += ", paused"
		}
		printf(w, "%s\t%s", a.Name, what)
		for i, s := range a.Next {
			sep := ", "
			if i == 0 {
				sep = "\tnext "
			}
			fmt.Fprint(w, sep+s.Slot.Format(slotForm))
		}
		fmt.Fprintln(w)
	}
	return w.Flush()
}
