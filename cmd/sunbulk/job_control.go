package main

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"time"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/jobs"
)

// control makes one of the commands that move a job from state to state.
func (p *program) control(use, short, done string, stops bool, move func(ctx context.Context, st *store, id, reason string) error) *cobra.Command {
	var redis, reason string
	cmd := &cobra.Command{
		Use:     use + " JOB",
		Short:   short,
		Example: "  sunbulk " + use + " 20261122-153012-k3f9 --reason 'vendor maintenance'",
		Args:    needJob,
		RunE: func(_ *cobra.Command, args []string) error {
			st, err := p.openStore(p.drain, redis)
			if err != nil {
				return err
			}
			defer st.Close()
			if err := move(p.drain, st, args[0], reason); err != nil {
				return st.orRun(p.drain, args[0], err)
			}
			text := done
			if stops {
				if text, err = ending(p.drain, st, args[0], done); err != nil {
					return err
				}
			}
			fmt.Fprintf(p.screen, "job %s %s\n", args[0], text)
			return nil
		},
	}
	redisFlag(cmd.Flags(), &redis, redisMeaning)
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the report")
	return cmd
}

func (p *program) pauseCommand() *cobra.Command {
	return p.control("pause", "Stop the calls of a job; calls in flight end", "is paused", true,
		func(ctx context.Context, st *store, id, reason string) error {
			if reason == "" {
				reason = "paused by " + operator()
			}
			if err := st.ledger.Pause(ctx, id, operator(), reason); err != nil {
				return err
			}
			return st.queues.Pause(id)
		})
}

func (p *program) resumeCommand() *cobra.Command {
	return p.control("resume", "Let a paused job go on", "goes on", false,
		func(ctx context.Context, st *store, id, reason string) error {
			// Ledger and queue may differ after a crash between the two: a paused job is let go in both.
			_, state, err := st.ledger.Standing(ctx, id)
			if err != nil {
				return err
			}
			if state != jobs.Paused {
				return fmt.Errorf("job %s is %s: %w", id, state, ledger.ErrIllegal)
			}
			if err := st.queues.Resume(id); err != nil {
				return err
			}
			return st.ledger.Resume(ctx, id, operator(), reason)
		})
}

func (p *program) cancelCommand() *cobra.Command {
	return p.control("cancel", "End a job; rows without an outcome stay unprocessed", "is cancelled", true,
		func(ctx context.Context, st *store, id, reason string) error {
			if reason == "" {
				reason = "cancelled by " + operator()
			}
			return st.ledger.Cancel(ctx, id, operator(), reason)
		})
}

// hearing is how long workers take to hear that a job stops: they ask for its state twice a second.
const hearing = 800 * time.Millisecond

// ending adds to done how many calls are still in flight, once all workers have heard that the job
// stops, or should have.
func ending(ctx context.Context, st *store, id, done string) (string, error) {
	for last := time.Now().Add(hearing); ; {
		workers, err := st.ledger.Workers(ctx, id)
		if err != nil {
			return "", err
		}
		var inFlight int64
		heard := true
		for _, w := range workers {
			inFlight += w.InFlight
			heard = heard && w.Doing == ledger.Stopping
		}
		switch {
		case heard && inFlight == 0:
			return done, nil
		case heard || time.Now().After(last):
			job, err := st.ledger.Job(ctx, id)
			return fmt.Sprintf("%s; %s calls in flight end within %s", done, group(inFlight), job.Options.Timeout), err
		}
		select {
		case <-ctx.Done():
			return done, nil
		case <-time.After(50 * time.Millisecond):
		}
	}
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
