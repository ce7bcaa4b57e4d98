package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/jobs"
)

func (p *program) forgetCommand() *cobra.Command {
	var (
		redis string
		older time.Duration
	)
	cmd := &cobra.Command{
		Use:   "forget ID…",
		Short: "Drop jobs and runs that have ended from Redis, with all their outcomes",
		Long: `Forget drops what Redis knows of jobs, and of runs of runbooks with all of their jobs, that have ended: write
their reports before. Their inputs may be queued again. With --older-than it drops all that ended longer ago. What cannot
be read, because its record in Redis is damaged, lost or of a newer release, is dropped by its ID.

Runs that schedules began are dropped by workers 90 days after their end.`,
		Example: `  sunbulk forget 20261122-153012-k3f9
  sunbulk forget --older-than 720h`,
		Args: func(_ *cobra.Command, args []string) error {
			if (len(args) == 0) == (older == 0) {
				return usage("either ids or --older-than is needed", "'sunbulk jobs' and 'sunbulk runbook status' list what there is")
			}
			for _, id := range args {
				if err := jobs.CheckID(id); err != nil {
					return usage(err.Error(), "'sunbulk jobs' lists the jobs")
				}
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if older < 0 {
				return usage(fmt.Sprintf("--older-than: %s is negative", older), "")
			}
			return p.withRedis(redis, func(ctx context.Context, s *service.Service) error { return p.forget(ctx, s, args, older) })
		},
	}
	redisFlag(cmd.Flags(), &redis, redisMeaning)
	cmd.Flags().DurationVar(&older, "older-than", 0, "all that ended longer ago, e.g. 720h")
	cmd.Flags().Lookup("older-than").Annotations = map[string][]string{commandLineOnly: nil}
	return cmd
}

func (p *program) forget(ctx context.Context, s *service.Service, ids []string, older time.Duration) (err error) {
	if older > 0 {
		var unreadable []error
		if ids, unreadable, err = s.EndedBefore(ctx, time.Now().Add(-older)); err != nil {
			return err
		}
		p.warnUnreadable(unreadable)
	}
	for _, id := range ids {
		if err := s.Forget(ctx, id, asked("")); err != nil {
			return err
		}
		printf(p.screen, "forgot %s\n", id)
	}
	return nil
}

// warnUnreadable names what cannot be read; the rest is reported all the same.
func (p *program) warnUnreadable(all []error) {
	for _, err := range all {
		e, ok := errors.AsType[*service.Unreadable](err)
		if !ok {
			printf(p.screen, "warning: %v\n", err)
			continue
		}
		printf(p.screen, "warning: %v (hint: %s)\n", err, hintOfUnreadable(e))
	}
}

func hintOfUnreadable(e *service.Unreadable) string {
	drops := "sunbulk forget "
	if e.Schedule {
		drops = "sunbulk schedule remove "
	}
	return "a newer sunbulk may read it; '" + drops + e.ID + "' drops it"
}
