package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/enqueue"
	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/jobs"
)

func (p *program) enqueueCommand() *cobra.Command {
	var (
		o     jobFlags
		redis string
	)
	cmd := &cobra.Command{
		Use:   "enqueue FILE…",
		Short: "Validate and queue on Redis, for workers to run",
		Long: `Enqueue reads the files, queues their rows on --redis and prints the job's id on stdout. Workers
begin with the first rows while the rest is still being queued.`,
		Example: `  sunbulk enqueue users.csv --app 5e4af71a81966cfff3ef6550 --redis redis://localhost:6379
  zcat users.csv.gz | sunbulk enqueue - --op list --app 5e4af71a81966cfff3ef6550`,
		Args: needFiles,
		RunE: func(_ *cobra.Command, files []string) error { return p.enqueue(p.drain, o, redis, files) },
	}
	o.register(cmd.Flags())
	redisFlag(cmd.Flags(), &redis, redisMeaning)
	return cmd
}

func (p *program) enqueue(ctx context.Context, o jobFlags, redis string, files []string) error {
	opt, err := o.options()
	if err != nil {
		return err
	}
	cfg, err := o.input(p)
	if err != nil {
		return err
	}
	reader, err := input.Open(files, cfg)
	if err != nil {
		return err
	}
	defer reader.Close()
	st, err := p.openStore(ctx, redis)
	if err != nil {
		return err
	}
	defer st.Close()
	if !o.allowDuplicates {
		if err := st.refuseTwin(ctx, opt.App, files); err != nil {
			return err
		}
	}
	return p.queue(ctx, st, opt, records(reader), reader.Inputs)
}

// queue makes a job of the rows and says what was queued.
func (p *program) queue(ctx context.Context, st *store, opt jobs.Options, rows enqueue.Records, inputs func() []jobs.Input) error {
	s := &session{store: st, memory: st.ledger, job: jobs.NewID(time.Now()), batch: opt.BatchSize}
	if err := st.ledger.Create(ctx, jobs.Job{ID: s.job, Options: opt, Created: time.Now()}); err != nil {
		return err
	}
	if err := s.read(ctx, rows, inputs); err != nil {
		if ctx.Err() != nil {
			return &exitError{exitInterrupted, fmt.Errorf("interrupted while queuing job %s", s.job), "its queued rows run; 'sunbulk cancel " + s.job + "' ends it"}
		}
		return cannotRun(err, "")
	}
	return p.announce(ctx, s)
}

// announce says what was queued: the id on stdout, the rest for people.
func (p *program) announce(ctx context.Context, s *session) error {
	job, err := s.ledger.Job(ctx, s.job)
	if err != nil {
		return err
	}
	queued := job.Tally.Read - job.Tally.Rejected
	if !p.quiet {
		fmt.Fprintf(p.screen, "queued %s rows in %s batches; rejected %s\n", group(queued), group(job.Batches), group(job.Tally.Rejected))
	}
	if p.json {
		err = p.writeJSON(map[string]any{"job": job.ID, "queued": queued, "rejected": job.Tally.Rejected, "batches": job.Batches})
	} else {
		_, err = fmt.Fprintln(p.stdout, job.ID)
	}
	if err != nil {
		return err
	}
	for _, in := range job.Inputs {
		if in.Error != "" {
			fmt.Fprintf(p.screen, "warning: %s was not read to its end: %s\n", in.Name, in.Error)
		}
	}
	if job.Tally.Rejected > 0 {
		return &exitError{exitNotAllOK, fmt.Errorf("%s rows were rejected", group(job.Tally.Rejected)), "'sunbulk report " + job.ID + "' lists them in rejected.csv"}
	}
	return nil
}
