package main

import (
	"context"
	"fmt"
	"os"
	"os/user"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/audit"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/jobs"
)

// move is a command that changes the state of a job or a run. To ask for the state that it is in already is no error.
type move struct {
	use, short, done string
	do               func(s *service.Service, ctx context.Context, id string, by service.By) (service.Already, error)
}

func (p *program) pauseCommand() *cobra.Command {
	return p.control(move{"pause", "Stop the calls of a job; calls in flight end", "is paused", (*service.Service).Pause}, true)
}

func (p *program) resumeCommand() *cobra.Command {
	var zone string
	cmd := p.control(move{"resume", "Let a paused job go on", "goes on",
		func(s *service.Service, ctx context.Context, id string, by service.By) (service.Already, error) {
			return s.Resume(ctx, id, zone, by)
		}}, false)
	cmd.Flags().StringVar(&zone, "timezone", "", "of the job's --window and --finish-by from now on, e.g. Europe/Madrid")
	return cmd
}

func (p *program) cancelCommand() *cobra.Command {
	return p.control(move{"cancel", "End a job; rows without an outcome stay unprocessed", "is cancelled", (*service.Service).Cancel}, true)
}

// control makes one of the commands that move a job from state to state. After one that stops it, it says how many calls
// are in flight.
func (p *program) control(m move, stops bool) *cobra.Command {
	return p.moveCommand(m, "JOB", "job", "sunbulk", needJob, func(ctx context.Context, s *service.Service, id string) (string, error) {
		if !stops {
			return "", nil
		}
		calls, err := s.InFlight(ctx, id)
		if calls == 0 || err != nil {
			return "", err
		}
		job, err := s.Job(ctx, id)
		return fmt.Sprintf("; %s in flight will end within %s", jobs.Count(calls, "call"), job.Options.Timeout), err
	})
}

// moveCommand makes the command of a move; after returns what else is to be said when it is done.
func (p *program) moveCommand(m move, arg, what, parent string, need cobra.PositionalArgs, after func(ctx context.Context, s *service.Service, id string) (string, error)) *cobra.Command {
	var redis, reason string
	cmd := &cobra.Command{
		Use:     m.use + " " + arg,
		Short:   m.short,
		Example: "  " + parent + " " + m.use + " 20261122-153012-k3f9 --reason 'vendor maintenance'",
		Args:    need,
		RunE: func(_ *cobra.Command, args []string) error {
			return p.withRedis(redis, func(ctx context.Context, s *service.Service) error {
				already, err := m.do(s, ctx, args[0], asked(reason))
				if err != nil {
					return err
				}
				done, more := m.done, ""
				if already.State != "" {
					done = fmt.Sprintf("is %s already", already.State)
				}
				if already.Reason != "" {
					done += ": " + already.Reason
				}
				if after != nil {
					if more, err = after(ctx, s, args[0]); err != nil {
						return err
					}
				}
				printf(p.screen, "%s %s %s%s\n", what, args[0], done, more)
				return nil
			})
		},
	}
	redisFlag(cmd.Flags(), &redis, redisMeaning)
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the report")
	return cmd
}

// asked is who runs the command, and why.
func asked(reason string) service.By {
	return service.By{Who: operator(), Reason: reason, Via: audit.CommandLine}
}

// operator names who runs the command, such as ann@host.
func operator() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	if u, err := user.Current(); err == nil {
		return u.Username + "@" + host
	}
	return "unknown@" + host
}
