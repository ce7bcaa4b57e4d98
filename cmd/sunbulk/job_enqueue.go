package main

import (
	"context"
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/jobs"
)

func (p *program) enqueueCommand() *cobra.Command {
	var (
		o      jobFlags
		redis  string
		resume string
	)
	cmd := &cobra.Command{
		Use:   "enqueue FILE…",
		Short: "Validate and queue on Redis, for workers to run",
		Long: `Enqueue reads the files, queues their rows on --redis and prints the job's id on stdout. Workers
begin with the first rows while the rest is still being queued. After an interruption the same
command continues the same job.

` + filesHelp,
		Example: `  sunbulk enqueue users.csv --app 5e4af71a81966cfff3ef6550 --redis redis://localhost:6379
  sunbulk enqueue users.csv --resume 20261122-153012-k3f9
  zcat users.csv.gz | sunbulk enqueue - --op list --app 5e4af71a81966cfff3ef6550`,
		Args: needFiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			files, err := p.findPlanned(cmd.Flags(), args)
			if err != nil {
				return err
			}
			defer debug.SetGCPercent(debug.SetGCPercent(o.garbage(percentWithInput)))
			return p.enqueue(o, redis, resume, files)
		},
	}
	o.register(cmd.Flags())
	cmd.Flags().StringVar(&resume, "resume", "", "add to this job what is missing of it: after an enqueue that was cut off, when status names lost batches, or rows without an outcome of a finished job")
	redisFlag(cmd.Flags(), &redis, redisMeaning)
	planFlag(cmd.Flags())
	return cmd
}

func (p *program) enqueue(o jobFlags, redis, resume string, files *input.Files) (err error) {
	var opt jobs.Options // a job that is there keeps its own
	if resume == "" {
		opt, err = o.options()
	} else if err = jobs.CheckID(resume); err != nil {
		err = usage(err.Error(), "'sunbulk jobs' lists the jobs")
	}
	if err != nil {
		return err
	}
	p.tellZone(&o, opt)
	order := p.order(&o, files, opt)
	order.Resume = resume
	reader, err := order.Open(p.drain)
	if err != nil {
		return p.orInterrupted(err)
	}
	defer reader.Close()
	return p.withRedis(redis, func(ctx context.Context, s *service.Service) error {
		job, err := s.Submit(ctx, order)
		if err != nil {
			return p.orInterrupted(err)
		}
		return p.announce(ctx, s, job)
	})
}

// announce says what was queued: the id on stdout, the rest for people.
func (p *program) announce(ctx context.Context, s *service.Service, job jobs.Job) (err error) {
	queued := job.Tally.Read - job.Tally.Rejected - job.Filtered
	if !p.quiet {
		printf(p.screen, "queued %s in %s; rejected %s\n", jobs.Count(queued, "row"), jobs.Count(job.Batches, "batch"), group(job.Tally.Rejected))
		describeFiltered(p.screen, job.Filtered)
	}
	p.warnOfNothing(job.Tally.Read)
	p.forecast(job.Options, queued, job.Created)
	if err := p.warnOfOverride(ctx, s, job.Options.App); err != nil {
		return err
	}
	if p.json {
		err = p.writeJSON(map[string]any{"job": job.ID, "queued": queued, "rejected": job.Tally.Rejected, "filtered": job.Filtered, "batches": job.Batches})
	} else {
		_, err = fmt.Fprintln(p.stdout, job.ID)
	}
	if err != nil {
		return err
	}
	for _, in := range job.Inputs {
		if in.Error != "" {
			printf(p.screen, "warning: %s was not read to its end: %s\n", in.Name, in.Error)
		}
	}
	if job.Tally.Rejected > 0 {
		return endWith(exitNotAllOK, fmt.Errorf("%s rejected", jobs.Count(job.Tally.Rejected, "row")), "'sunbulk report "+job.ID+"' lists them in rejected.csv, and those that an earlier row makes superfluous in duplicates.csv")
	}
	return nil
}

// warnOfOverride says that an operator's rate is in force, which the job's own --rate does not change.
func (p *program) warnOfOverride(ctx context.Context, s *service.Service, app string) error {
	now, err := s.Rate(ctx, app)
	if err == nil {
		describeOverride(p.screen, now)
	}
	return err
}
