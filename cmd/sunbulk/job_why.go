package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/service"
)

func (p *program) whyCommand() *cobra.Command {
	var redis string
	cmd := &cobra.Command{
		Use:   "why JOB ROW",
		Short: "One row: each call that was made for it, and what became of it",
		Long: `Why tells all that is known of one row of a job: its line in the input, its batch, the calls that
were made for it, each with time, wait, answer and reason, and its outcome, or what it waits for.
Rows are numbered from 1 over all files of the job, as in results.csv.`,
		Example: `  sunbulk why 20261122-153012-k3f9 1203944
  sunbulk why 20261122-153012-k3f9 1203944 --json | jq .attempts`,
		Args: needJobAndRow,
		RunE: func(_ *cobra.Command, args []string) error {
			return p.withRedis(redis, func(ctx context.Context, s *service.Service) error { return p.why(ctx, s, args[0], args[1]) })
		},
	}
	redisFlag(cmd.Flags(), &redis, redisMeaning)
	return cmd
}

func needJobAndRow(cmd *cobra.Command, args []string) error {
	if len(args) != 2 {
		return usage("give a job id and the number of a row", "e.g. sunbulk why 20261122-153012-k3f9 1203944")
	}
	if err := needJob(cmd, args[:1]); err != nil {
		return err
	}
	_, err := parseRow(args[1])
	return err
}

// parseRow takes the number of a row as people read it, with commas at the thousands, or without.
func parseRow(s string) (int64, error) {
	row, err := strconv.ParseInt(strings.ReplaceAll(s, ",", ""), 10, 64)
	if err != nil || row < 1 {
		return 0, usage(fmt.Sprintf("%q is not the number of a row", s), "rows are numbered from 1")
	}
	return row, nil
}

func (p *program) why(ctx context.Context, s *service.Service, id, number string) error {
	row, err := parseRow(number)
	if err != nil {
		return err
	}
	r, err := s.Row(ctx, id, row)
	if none, ok := errors.AsType[*service.NoRow](err); ok {
		return noRow(none)
	}
	if err != nil {
		return err
	}
	if r.Lost {
		r.Standing += ": 'sunbulk enqueue FILE… --resume " + r.Job + "' queues it again"
	}
	if p.json {
		return p.writeJSON(r)
	}
	return rowTrace{r}.write(p.stdout)
}

func noRow(e *service.NoRow) error {
	hint := "rows are numbered over all files of a job, as in results.csv"
	if e.Growing {
		hint = "more are being added"
	}
	return usage(fmt.Sprintf("no row %s: job %s has the rows 1 to %s", group(e.Row), e.Job, group(e.Rows)), hint)
}
