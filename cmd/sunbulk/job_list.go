package main

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/service"
)

func (p *program) jobsCommand() *cobra.Command {
	var redis string
	cmd := &cobra.Command{
		Use:     "jobs",
		Short:   "The jobs, a line each",
		Example: `  sunbulk jobs --redis redis://localhost:6379`,
		Args:    noArguments,
		RunE:    func(*cobra.Command, []string) error { return p.withRedis(redis, p.jobs) },
	}
	redisFlag(cmd.Flags(), &redis, redisMeaning)
	return cmd
}

func (p *program) jobs(ctx context.Context, s *service.Service) error {
	all, unreadable, err := s.Jobs(ctx)
	if err != nil {
		return err
	}
	p.warnUnreadable(unreadable)
	if p.json {
		return p.writeJSON(all)
	}
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "JOB\tSTATE\tAPP\tROWS\tDONE\tFAILED\tREJECTED\tIN DOUBT\tCREATED\tREASON")
	for _, s := range all {
		reason := strings.TrimPrefix(s.Reason+"; "+abandonment(s.Abandoned), "; ")
		printf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", s.Job, s.State, s.App, group(s.Rows.Read), group(s.Rows.OK+s.Rows.Noop),
			group(s.Rows.Failed), group(s.Rows.Rejected), group(s.Rows.InDoubt), s.Times.Created.Local().Format(time.DateTime), strings.TrimSuffix(reason, "; "))
	}
	return w.Flush()
}
