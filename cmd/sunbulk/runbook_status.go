package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/report"
	"github.com/sunbulk/sunbulk/internal/runs"
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
			st, err := p.openStore(p.drain, redis)
			if err != nil {
				return err
			}
			defer st.Close()
			if len(args) == 0 {
				return p.listRuns(p.drain, st)
			}
			return p.runStatus(p.drain, st, args[0])
		},
	}
	redisFlag(cmd.Flags(), &redis, redisMeaning)
	return cmd
}

func (p *program) runStatus(ctx context.Context, st *store, id string) error {
	v, err := st.runView(ctx, id)
	if err != nil {
		return st.orJob(ctx, id, err)
	}
	s := v.summary()
	if p.json {
		return p.writeJSON(s)
	}
	describeRun(p.stdout, s)
	if s.State == jobs.Running && v.run.Step < len(s.Steps) {
		fmt.Fprintf(p.stdout, "'sunbulk status %s' tells more of step %s\n", s.Steps[v.run.Step].Job, s.Steps[v.run.Step].Name)
	}
	return nil
}

func (p *program) listRuns(ctx context.Context, st *store) error {
	ids, err := runs.NewStore(st.rdb).IDs(ctx)
	if err != nil {
		return err
	}
	all := []report.RunSummary{}
	for _, id := range ids {
		v, err := st.runView(ctx, id)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil { // of a newer version, perhaps; the others are told all the same
			fmt.Fprintf(p.screen, "warning: %v\n", err)
			continue
		}
		all = append(all, v.summary())
	}
	if p.json {
		return p.writeJSON(all)
	}
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "RUN\tRUNBOOK\tSTATE\tAPP\tROWS\tSTEP\tCREATED\tREASON")
	for _, s := range all {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", s.Run, s.Runbook, s.State, s.App, group(s.Rows), stepOf(s),
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
