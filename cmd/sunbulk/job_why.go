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
	var redis, user string
	cmd := &cobra.Command{
		Use:   "why JOB [ROW]",
		Short: "One row: each call that was made for it, and what became of it",
		Long: `Why tells all that is known of one row of a job: its line in the input, its batch, the calls that
were made for it, each with time, wait, answer and reason, and its outcome, or what it waits for.
Rows are numbered from 1 over all files of the job, as in results.csv.

With --user in place of a number it shows the rows of that user, up to 20 of them. That reads the whole job.`,
		Example: `  sunbulk why 20261122-153012-k3f9 1203944
  sunbulk why 20261122-153012-k3f9 1203944 --json | jq .attempts
  sunbulk why 20261122-153012-k3f9 --user customer-10420`,
		Args: func(cmd *cobra.Command, args []string) error {
			if user != "" && len(args) == 1 {
				return needJob(cmd, args)
			}
			return needJobAndRow(cmd, args, user)
		},
		RunE: func(_ *cobra.Command, args []string) error {
			return p.withRedis(redis, func(ctx context.Context, s *service.Service) error {
				if user != "" {
					return p.whyUser(ctx, s, args[0], user)
				}
				return p.why(ctx, s, args[0], args[1])
			})
		},
	}
	redisFlag(cmd.Flags(), &redis, redisMeaning)
	cmd.Flags().StringVar(&user, "user", "", "show the rows of this user, as the input names it")
	cmd.Flags().Lookup("user").Annotations = map[string][]string{commandLineOnly: nil}
	return cmd
}

func needJobAndRow(cmd *cobra.Command, args []string, user string) error {
	switch {
	case len(args) == 2 && user != "":
		return usage("give the number of a row or --user, not both", "")
	case len(args) != 2:
		return usage("give a job id and the number of a row, or --user", "e.g. sunbulk why 20261122-153012-k3f9 1203944")
	}
	if err := needJob(cmd, args[:1]); err != nil {
		return err
	}
	_, err := parseRow(args[1])
	return err
}

// whyUser shows the rows of a user.
func (p *program) whyUser(ctx context.Context, s *service.Service, id, user string) error {
	const most = 20
	numbers, more, err := s.RowsOf(ctx, id, user, most)
	if err != nil {
		return err
	}
	if len(numbers) == 0 {
		return usage("job "+id+" has no row of that user", "give the user as the input names it; a row that is being added is known once its batch is queued")
	}
	all := make([]service.Row, len(numbers))
	for i, row := range numbers {
		if all[i], err = p.row(ctx, s, id, row); err != nil {
			return err
		}
	}
	if more {
		p.note(fmt.Sprintf("there are more than %d rows of that user: results.csv of the report has all", most))
	}
	if p.json {
		return p.writeJSON(map[string]any{"rows": all, "more": more})
	}
	for i, r := range all {
		if i > 0 {
			printf(p.stdout, "\n")
		}
		if err := (rowTrace{r}).write(p.stdout); err != nil {
			return err
		}
	}
	return nil
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
	r, err := p.row(ctx, s, id, row)
	if err != nil {
		return err
	}
	if p.json {
		return p.writeJSON(r)
	}
	return rowTrace{r}.write(p.stdout)
}

// row is what is known of a row.
func (p *program) row(ctx context.Context, s *service.Service, id string, row int64) (service.Row, error) {
	r, err := s.Row(ctx, id, row)
	if none, ok := errors.AsType[*service.NoRow](err); ok {
		return r, noRow(none)
	}
	if r.Lost {
		r.Standing += ": 'sunbulk enqueue FILE… --resume " + r.Job + "' queues it again"
	}
	return r, err
}

func noRow(e *service.NoRow) error {
	hint := "rows are numbered over all files of a job, as in results.csv"
	if e.Growing {
		hint = "more are being added"
	}
	return usage(fmt.Sprintf("no row %s: job %s has the rows 1 to %s", group(e.Row), e.Job, group(e.Rows)), hint)
}
