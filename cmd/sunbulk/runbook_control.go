package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/ledger"
	"github.com/sunbulk/sunbulk/internal/runbook"
	"github.com/sunbulk/sunbulk/internal/runs"
	"github.com/sunbulk/sunbulk/jobs"
)

// checkRun is for commands on runs.
func checkRun(args []string) error {
	for _, id := range args {
		if jobs.CheckID(id) != nil {
			return usage(fmt.Sprintf("%q is not the id of a run such as 20261122-153012-k3f9", id), "'sunbulk runbook status' lists the runs")
		}
	}
	return nil
}

func needRun(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usage("one run is needed", "'sunbulk runbook status' lists the runs")
	}
	return checkRun(args)
}

// controlRun makes one of the commands that move a run from state to state.
func (p *program) controlRun(use, short, done string, move func(ctx context.Context, st *store, v runView, reason string) error) *cobra.Command {
	var redis, reason string
	cmd := &cobra.Command{
		Use:     use + " RUN",
		Short:   short,
		Example: "  sunbulk runbook " + use + " 20261122-153012-k3f9 --reason 'vendor maintenance'",
		Args:    needRun,
		RunE: func(_ *cobra.Command, args []string) error {
			st, err := p.openStore(p.drain, redis)
			if err != nil {
				return err
			}
			defer st.Close()
			v, err := st.runView(p.drain, args[0])
			if err != nil {
				return st.orJob(p.drain, args[0], err)
			}
			if err := move(p.drain, st, v, reason); err != nil {
				return err
			}
			fmt.Fprintf(p.screen, "run %s %s\n", args[0], done)
			return nil
		},
	}
	redisFlag(cmd.Flags(), &redis, redisMeaning)
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the report")
	return cmd
}

func (p *program) runbookPauseCommand() *cobra.Command {
	return p.controlRun("pause", "Stop the calls of a run; calls in flight end", "is paused",
		func(ctx context.Context, st *store, v runView, reason string) error {
			if reason == "" {
				reason = "paused by " + operator()
			}
			if err := runs.NewStore(st.rdb).Pause(ctx, v.run.ID, operator(), reason); err != nil {
				return err
			}
			return st.eachJob(ctx, v.run.ID, func(job jobs.Job) error { return st.ledger.Pause(ctx, job.ID, operator(), reason) })
		})
}

func (p *program) runbookResumeCommand() *cobra.Command {
	var exceed bool
	cmd := p.controlRun("resume", "Let a paused run go on", "goes on",
		func(ctx context.Context, st *store, v runView, reason string) error {
			if v.paused() == "" {
				return fmt.Errorf("run %s is %s: %w", v.run.ID, v.run.State, runs.ErrIllegal)
			}
			step := 0
			if runbook.IsCapReason(v.run.Reason) {
				if !exceed {
					return usage("run "+v.run.ID+" is paused by a "+v.run.Reason, exceedHint)
				}
				step = v.run.Step + 1
			}
			// The run first: while it is paused, workers pause its job.
			if err := runs.NewStore(st.rdb).Resume(ctx, v.run.ID, operator(), step); err != nil {
				return err
			}
			return st.eachJob(ctx, v.run.ID, func(job jobs.Job) error {
				if job.State != jobs.Paused {
					return nil
				}
				return errors.Join(st.queues.Resume(job.ID), st.ledger.Resume(ctx, job.ID, operator(), reason))
			})
		})
	exceedFlag(cmd.Flags(), &exceed)
	return cmd
}

func (p *program) runbookCancelCommand() *cobra.Command {
	return p.controlRun("cancel", "End a run; rows stay where they are", "is cancelled",
		func(ctx context.Context, st *store, v runView, reason string) error {
			if reason == "" {
				reason = "cancelled by " + operator()
			}
			return st.cancelRun(ctx, v.run.ID, operator(), reason)
		})
}

// cancelRun ends a run and the job of its step.
func (s *store) cancelRun(ctx context.Context, id, who, reason string) error {
	if err := runs.NewStore(s.rdb).Cancel(ctx, id, who, reason); err != nil {
		return err
	}
	return s.eachJob(ctx, id, func(job jobs.Job) error { return s.ledger.Cancel(ctx, job.ID, who, reason) })
}

// eachJob does something with every job of a run that has not ended, as they are now: one may have been made since
// the run was read.
func (s *store) eachJob(ctx context.Context, run string, do func(jobs.Job) error) error {
	v, err := s.runView(ctx, run)
	if err != nil {
		return err
	}
	for _, job := range v.jobs {
		if job.State.Ended() {
			continue
		}
		if err := do(job); err != nil && !errors.Is(err, ledger.ErrIllegal) { // it ended meanwhile
			return err
		}
	}
	return nil
}
