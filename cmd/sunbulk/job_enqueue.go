package main

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/enqueue"
	"github.com/sunbulk/sunbulk/internal/input"
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
command goes on with the same job.

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
			if resume != "" {
				return p.resumeEnqueue(p.drain, o, redis, resume, files)
			}
			return p.enqueue(p.drain, o, redis, files)
		},
	}
	o.register(cmd.Flags())
	cmd.Flags().StringVar(&resume, "resume", "", "add to this job what is missing of it: after an enqueue that was cut off, or when status names lost batches")
	redisFlag(cmd.Flags(), &redis, redisMeaning)
	planFlag(cmd.Flags())
	return cmd
}

func (p *program) enqueue(ctx context.Context, o jobFlags, redis string, files *input.Files) error {
	opt, err := o.options()
	if err != nil {
		return err
	}
	p.tellZone(&o.pacing, opt)
	in, err := p.openIntake(ctx, o, redis, files)
	if err != nil {
		return err
	}
	defer in.close()
	canary, err := p.pickCanary(ctx, o, opt.Canary, files)
	if err != nil {
		return err
	}
	s, err := p.begin(ctx, in.store, opt, in.work, o.twins(func(before jobs.Job) bool { return !before.Sealed && !before.State.Ended() }))
	if err != nil {
		return err
	}
	s.canary = canary
	in.reader.At(opt.Time(s.created))
	return p.queue(ctx, s, records(in.reader), in.reader.Inputs)
}

// intake is what enqueue reads from and queues into.
type intake struct {
	reader *input.Reader
	store  *store
	work   work
}

// openIntake opens the files, and Redis when they can be read.
func (p *program) openIntake(ctx context.Context, o jobFlags, redis string, files *input.Files) (in intake, err error) {
	if in.reader, err = o.open(ctx, p, files); err != nil {
		return in, err
	}
	if in.store, err = p.openStore(ctx, redis); err != nil {
		in.reader.Close()
		return in, err
	}
	if in.work, err = o.work(files); err != nil {
		in.close()
	}
	return in, err
}

func (in intake) close() {
	in.reader.Close()
	in.store.Close()
}

// queue adds the rows to the session's job and says what was queued.
func (p *program) queue(ctx context.Context, s *session, rows enqueue.Records, inputs func() []jobs.Input) error {
	if err := s.read(ctx, rows, inputs); err != nil {
		if ctx.Err() != nil {
			return &exitError{exitInterrupted, fmt.Errorf("interrupted while queuing job %s", s.job), s.again + " goes on with it; its queued rows run meanwhile"}
		}
		if errors.As(err, new(*exitError)) {
			return err
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
	queued := job.Tally.Read - job.Tally.Rejected - job.Filtered
	if !p.quiet {
		printf(p.screen, "queued %s rows in %s batches; rejected %s\n", group(queued), group(job.Batches), group(job.Tally.Rejected))
		describeFiltered(p.screen, job.Filtered)
	}
	p.warnOfNothing(job.Tally.Read)
	p.forecast(job.Options, queued, job.Created)
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
		return &exitError{exitNotAllOK, fmt.Errorf("%s rows were rejected", group(job.Tally.Rejected)), "'sunbulk report " + job.ID + "' lists them in rejected.csv"}
	}
	return nil
}
