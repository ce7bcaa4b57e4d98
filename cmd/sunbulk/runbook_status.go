package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/report"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/jobs"
)

func (p *program) runbookStatusCommand() *cobra.Command {
	var redis string
	cmd := &cobra.Command{
		Use:   "status [RUN]",
		Short: "One run, step by step; without RUN all runs, a line each",
		Example: `  sunbulk runbook status
  sunbulk runbook status 20261122-153012-k3f9`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage("more than one run", "")
			}
			return checkRun(args)
		},
		RunE: func(_ *cobra.Command, args []string) error {
			return p.withRedis(redis, func(ctx context.Context, s *service.Service) error {
				if len(args) == 0 {
					return p.listRuns(ctx, s)
				}
				return p.runStatus(ctx, s, args[0])
			})
		},
	}
	redisFlag(cmd.Flags(), &redis, redisMeaning)
	return cmd
}

func (p *program) runStatus(ctx context.Context, svc *service.Service, id string) error {
	v, err := svc.Run(ctx, id)
	if err != nil {
		return err
	}
	s := v.Summary()
	if p.json {
		return p.writeJSON(s)
	}
	describeRun(p.stdout, s)
	if s.State == jobs.Running && v.Run.Step < len(s.Steps) {
		printf(p.stdout, "'sunbulk status %s' tells more of step %s\n", s.Steps[v.Run.Step].Job, s.Steps[v.Run.Step].Name)
	}
	return nil
}

func (p *program) listRuns(ctx context.Context, svc *service.Service) error {
	all, unreadable, err := svc.Runs(ctx)
	if err != nil {
		return err
	}
	p.warnUnreadable(unreadable)
	if p.json {
		return p.writeJSON(all)
	}
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "RUN\tRUNBOOK\tSTATE\tAPP\tROWS\tSTEP\tCREATED\tREASON")
	for _, s := range all {
		printf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", s.Run, s.Runbook, s.State, s.App, group(s.Rows), stepOf(s),
			s.Created.Local().Format(time.DateTime), s.Reason)
	}
	return w.Flush()
}

// stepOf says at which step a run is, such as 2/4 link.
func stepOf(s report.RunSummary) string {
	at := 0
	for i, step := range s.Steps {
		if step.State != "" {
			at = i
		}
	}
	return fmt.Sprintf("%d/%d %s", at+1, len(s.Steps), s.Steps[at].Name)
}
