package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/audit"
	"github.com/sunbulk/sunbulk/internal/service"
)

func (p *program) auditCommand() *cobra.Command {
	var (
		redis string
		since time.Duration
		q     service.AuditQuery
	)
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Who did what, on all jobs, runs, plans and schedules",
		Long: `Audit lists what people did by the command line and by the console, the oldest first: who, when, through what,
to which job, and why. With --json it writes one object a line, for an archive. Redis keeps the newest 200,000
acts, for 400 days.`,
		Example: `  sunbulk audit --since 24h
  sunbulk audit --job 20261122-153012-k3f9
  sunbulk audit --json > audit.ndjson`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			if since < 0 {
				return usage(fmt.Sprintf("--since: %s is negative", since), "e.g. --since 24h")
			}
			if since > 0 {
				q.Since = time.Now().Add(-since)
			}
			return p.withRedis(redis, func(ctx context.Context, s *service.Service) error { return p.audit(ctx, s, q) })
		},
	}
	f := cmd.Flags()
	redisFlag(f, &redis, redisMeaning)
	f.DurationVar(&since, "since", 0, "only what was done in this time, e.g. 24h; 0 = all")
	f.StringVar(&q.App, "app", "", "only what concerns this app")
	f.StringVar(&q.Job, "job", "", "only what concerns this job, run or plan")
	f.StringVar(&q.Who, "who", "", "only what this person did, e.g. ann@host; without @ from anywhere")
	f.StringVar((*string)(&q.What), "what", "", "only this, e.g. cancel")
	for _, name := range []string{"since", "app", "job", "who", "what"} {
		_ = f.SetAnnotation(name, commandLineOnly, nil)
	}
	return cmd
}

func (p *program) audit(ctx context.Context, s *service.Service, q service.AuditQuery) error {
	if p.json {
		lines := json.NewEncoder(p.stdout)
		for e, err := range s.AuditAll(ctx, q) {
			if err != nil {
				return err
			}
			if err := lines.Encode(e); err != nil {
				return err
			}
		}
		return nil
	}
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "AT\tWHO\tVIA\tWHAT\tOF\tDETAIL\tREASON")
	for e, err := range s.AuditAll(ctx, q) {
		switch {
		case err != nil:
			return err
		case e.Unreadable != "":
			printf(w, "–\t–\t–\t–\tentry %s\tcannot be read: %s\t\n", e.ID, e.Unreadable)
		default:
			printf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", e.At.Local().Format(time.DateTime), e.Who, e.Via, e.What, actedOn(e), e.Detail, e.Reason)
		}
	}
	return w.Flush()
}

// actedOn names what an act was about.
func actedOn(e audit.Entry) string {
	var all []string
	for _, one := range []struct{ kind, id string }{{"job", e.Job}, {"run", e.Run}, {"plan", e.Plan}, {"schedule", e.Schedule}} {
		if one.id != "" {
			all = append(all, one.kind+" "+one.id)
		}
	}
	if e.What == audit.Retry && e.Of != "" {
		all = append(all, "of job "+e.Of)
	}
	return cmp.Or(strings.Join(all, ", "), e.App)
}
