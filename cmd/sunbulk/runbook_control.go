package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/service"
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
func (p *program) controlRun(m move) *cobra.Command {
	return p.moveCommand(m, "RUN", "run", "sunbulk runbook", needRun, nil)
}

func (p *program) runbookPauseCommand() *cobra.Command {
	return p.controlRun(move{"pause", "Stop the calls of a run; calls in flight end", "is paused", (*service.Service).PauseRun})
}

func (p *program) runbookResumeCommand() *cobra.Command {
	var exceed bool
	cmd := p.controlRun(move{"resume", "Let a paused run go on", "goes on",
		func(s *service.Service, ctx context.Context, id string, by service.By) (service.Already, error) {
			return s.ResumeRun(ctx, id, exceed, by)
		}})
	exceedFlag(cmd.Flags(), &exceed)
	return cmd
}

func (p *program) runbookCancelCommand() *cobra.Command {
	return p.controlRun(move{"cancel", "End a run; rows stay where they are", "is cancelled", (*service.Service).CancelRun})
}
