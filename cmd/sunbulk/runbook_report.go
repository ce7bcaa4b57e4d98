package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/report"
	"github.com/sunbulk/sunbulk/internal/service"
)

func (p *program) runbookReportCommand() *cobra.Command {
	var redis, out string
	cmd := &cobra.Command{
		Use:   "report RUN",
		Short: "Write how far each row of a run came, and why no further",
		Long: `Report writes rows.csv with an end for every row of the input, report.html to read, run.json with the run in numbers, and the
report of each step's job in a folder of its own. It may be written while the run goes on: the exit code is 3 then, or 4 when it is paused.`,
		Example: `  sunbulk runbook report 20261122-153012-k3f9 --out moved`,
		Args:    needRun,
		RunE: func(_ *cobra.Command, args []string) error {
			return p.withRedis(redis, func(ctx context.Context, s *service.Service) error { return p.reportRun(ctx, s, out, args[0]) })
		},
	}
	redisFlag(cmd.Flags(), &redis, redisMeaning)
	cmd.Flags().StringVar(&out, "out", "", "report folder (default sunbulk-RUN)")
	return cmd
}

func (p *program) reportRun(ctx context.Context, s *service.Service, out, id string) error {
	v, err := s.Run(ctx, id)
	if err != nil {
		return err
	}
	if err := p.showRun(ctx, &v, report.Dir(out, id)); err != nil {
		return err
	}
	switch paused, _ := v.Paused(); {
	case paused != "":
		return end(exitPaused)
	case !v.Run.State.Ended():
		return endWith(exitNotAllOK, fmt.Errorf("run %s is still %s", id, v.Run.State), "'sunbulk runbook status "+id+"' tells how far it is; write the report again when it has ended")
	case !v.Clean():
		return end(exitNotAllOK)
	}
	return nil
}
