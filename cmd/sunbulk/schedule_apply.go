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
	"github.com/sunbulk/sunbulk/internal/service"
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

func (p *program) applySchedules(o runbookFlags, redis string, files []string) error {
	var flows []*runbook.Flow
	from := map[string]string{} // name → file
	for _, file := range files {
		flow, err := o.openScheduled(file)
		if err != nil {
			return err
		}
		if other, twice := from[flow.Name]; twice {
			return usage(fmt.Sprintf("%s and %s both have the name %s", other, file, flow.Name), "a schedule has the name of its runbook: give one of them another")
		}
		from[flow.Name] = file
		flows = append(flows, flow)
	}
	return p.withRedis(redis, func(ctx context.Context, s *service.Service) error {
		all, err := s.ApplySchedules(ctx, flows, asked(""))
		if err != nil {
			return err
		}
		for i, a := range all {
			if a.Change != schedule.Unchanged && !p.quiet {
				p.note(fmt.Sprintf("schedule %s: workers read %s only if it is among their own --inputs", a.Name, strings.Join(flows[i].Input, ", ")))
			}
		}
		return p.showApplied(all)
	})
}

// openScheduled reads a runbook and its timetable, and checks all that needs no input.
func (o *runbookFlags) openScheduled(file string) (*runbook.Flow, error) {
	flow, err := o.open(file)
	if err != nil {
		return nil, err
	}
	switch {
	case flow.App == "":
		return nil, usage(file+" names no app", "give --app, or name the app in the runbook")
	case len(flow.Input) == 0:
		return nil, flow.Fault("input", "is missing", "a schedule reads its input by itself, such as 'newest:s3://exports/users-*.csv.gz'")
	}
	table, err := schedule.Parse(flow.Runbook)
	if err != nil {
		return nil, err
	}
	return flow, table.Check(time.Now())
}

func (p *program) showApplied(all []service.AppliedSchedule) error {
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
