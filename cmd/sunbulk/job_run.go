package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/credentials"
	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
	"github.com/sunbulk/sunbulk/worker"
)

// runOptions are the flags of run.
type runOptions struct {
	job         jobFlags
	access      accessFlags
	notify      notifyFlags
	redis       string
	concurrency int
	out         string
	simulate    string
	given       func(flag string) bool // on the command line, in the environment or by a plan
}

func (p *program) runCommand() *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use:   "run FILE…",
		Short: "Validate, queue, work and report, in one process",
		Long: `Run reads the files, makes a call per row at the given rate, and writes a report folder.

Without --redis it needs nothing else: it keeps a journal in the report folder, and the same
command with the same --out goes on where it stopped. The first Ctrl-C lets calls in flight end,
the second stops at once.

` + filesHelp,
		Example: `  sunbulk run users.csv --simulate
  sunbulk run users.csv --app 5e4af71a81966cfff3ef6550 --rate 40 --out report
  sunbulk run 'newest:s3://exports/daily/*.csv.gz' --app 5e4af71a81966cfff3ef6550
  sunbulk run clients.csv --op remove --app 5e4af71a81966cfff3ef6550
  sunbulk run users.csv --plan plan.json`,
		Args: needFiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := p.keepSimulation(cmd.Flags(), o.simulate, &o.redis); err != nil {
				return err
			}
			files, err := p.findPlanned(cmd.Flags(), args)
			if err != nil {
				return err
			}
			planned := cmd.Flags().Lookup("plan").Value.String() != ""
			o.given = func(flag string) bool { return planned || cmd.Flags().Changed(flag) }
			return p.run(cmd.Context(), o, files)
		},
	}
	f := cmd.Flags()
	o.job.register(f)
	o.access.register(f, &p.allowHTTP)
	o.notify.register(f)
	redisFlag(f, &o.redis, redisMeaning+" (default: embedded)")
	f.IntVar(&o.concurrency, "concurrency", 64, "calls in flight")
	f.StringVar(&o.out, "out", "", "report folder (default sunbulk-JOB)")
	simulateFlag(f, &o.simulate)
	planFlag(f)
	return cmd
}

// percentWithInput is how much garbage may pile up, as a part of what is in use, while input remembers rows:
// in 32 MiB without a pointer, so that to collect twice as often as Go does costs next to nothing and
// saves a quarter of the memory (I6).
const percentWithInput = 50

// percentInOne is the same where the worker and its Redis are in the process, too.
const percentInOne = 25

// garbage is how much may pile up: percent while rows are remembered, and else, with a quarter in use, about as many bytes.
func (j *jobFlags) garbage(percent int) int {
	if j.read.AllowDuplicates {
		return 4 * percent
	}
	return percent
}

// run is the whole of the run command.
func (p *program) run(ctx context.Context, o runOptions, files *input.Files) error {
	log, err := p.logger(slog.LevelWarn)
	if err != nil {
		return err
	}
	if err := checkConcurrency(o.concurrency); err != nil {
		return err
	}
	hook, err := o.notify.hook(p.allowHTTP)
	if err != nil {
		return err
	}
	api, stop, err := o.connect()
	if err != nil {
		return err
	}
	defer stop()
	opt, err := o.job.options()
	if err != nil {
		return err
	}
	p.tellZone(&o.job.pacing, opt)
	opt.Simulated = simulated(o.simulate)
	defer debug.SetGCPercent(debug.SetGCPercent(o.job.garbage(percentInOne)))
	in := reading{}
	in.ctx, in.stop = context.WithCancelCause(p.drain)
	defer in.stop(nil)
	open := p.openSession
	if o.redis != "" {
		open = p.openRedisSession
	}
	order := p.order(&o.job, files, opt)
	reader, err := order.Open(in.ctx)
	if err != nil {
		return p.orInterrupted(err)
	}
	defer reader.Close()
	if err := o.checkOut(); err != nil {
		return err
	}
	if err := o.ask(ctx, api); err != nil {
		return err
	}
	in.rows, in.inputs, in.progress = reader.Rows(in.ctx), reader.Inputs, reader.Progress
	s, err := open(ctx, o, order, reader)
	if err != nil {
		return err
	}
	defer s.close()
	if !s.embedded {
		if err := p.warnOfOverride(ctx, s.Service, opt.App); err != nil {
			return err
		}
	}
	defer p.notices(ctx, o.notify, hook, s, opt.App, log)()
	w := s.Worker(worker.Config{
		Name: service.ProcessName(), APIs: map[string]*sunco.API{opt.App: api}, Deliveries: s.deliveries(), Alone: s.embedded, Concurrency: o.concurrency, Logger: log,
	})
	if err := p.process(ctx, s, w, in); err != nil {
		return err
	}
	return p.conclude(ctx, s)
}

// reach returns the API to call. A real one is asked whether it knows the app.
func (p *program) reach(ctx context.Context, o *runOptions) (*sunco.API, func(), error) {
	api, stop, err := o.connect()
	if err != nil {
		return api, stop, err
	}
	return api, stop, o.ask(ctx, api)
}

// ask asks a real API whether it knows the app.
func (o *runOptions) ask(ctx context.Context, api *sunco.API) error {
	if simulated(o.simulate) {
		return nil
	}
	return checkAccess(ctx, api, o.access.baseURL)
}

// connect returns the API that the flags name, the simulated one with --simulate, and how to let go
// of it. It makes no call.
func (o *runOptions) connect() (*sunco.API, func(), error) {
	if simulated(o.simulate) {
		return startSimulation(o)
	}
	if o.job.app == "" {
		return nil, nil, usage("no app id", "give --app, or set SUNBULK_APP; or try the file with --simulate")
	}
	api, err := o.access.api(o.job.app, credentials.Environment())
	return api, func() {}, err
}

// conclude writes the report and ends with the exit code that the job deserves.
func (p *program) conclude(ctx context.Context, s *session) error {
	job, err := s.Job(context.WithoutCancel(ctx), s.job)
	if err != nil {
		return err
	}
	if ctx.Err() != nil { // stopped at once: a report may take long
		return s.interrupted("")
	}
	r, err := service.WriteReport(ctx, s.folder, job, s.source(job))
	if r.Summary.Job != "" {
		err = errors.Join(p.showReport(s.out, r), err)
	}
	if err != nil {
		return err
	}
	switch {
	case job.State == jobs.Finished:
		if err := s.discard(); err != nil {
			return err
		}
		return result(job)
	case job.WaitsForWindow():
		return s.interrupted(" as it waits for its window: " + job.Reason)
	case job.State == jobs.Paused:
		return s.paused(ctx, job)
	case job.State == jobs.Cancelled:
		return endWith(exitNotAllOK, fmt.Errorf("job %s was cancelled: %s", job.ID, job.Reason), "")
	}
	return s.interrupted("")
}

func (s *session) paused(ctx context.Context, job jobs.Job) error {
	hint := "mend the cause, then run the same command with --out " + s.out
	switch {
	case job.CanaryFailed() && s.embedded:
		// Now it is told: whoever runs the command again has looked.
		if err := s.memory.EndCanary(ctx, job.ID); err != nil {
			return err
		}
		hint = "look at the report; the same command with --out " + s.out + " goes on with the other rows"
	case job.CanaryFailed():
		hint = lookFirst(job)
	case !s.embedded:
		hint = "mend the cause, then 'sunbulk resume " + job.ID + "'; a worker goes on"
	}
	return endWith(exitPaused, fmt.Errorf("job %s is paused: %s", job.ID, job.Reason), hint)
}

// interrupted is the end of a job that can go on; meanwhile is what it was doing, or empty.
func (s *session) interrupted(meanwhile string) error {
	hint := "the same command with --out " + s.out + " goes on"
	if !s.embedded {
		hint = again(s.submission.Piped, s.submission.ByName, s.job) + " goes on, or 'sunbulk worker' with what is queued"
	}
	return endWith(exitInterrupted, fmt.Errorf("job %s is interrupted%s", s.job, meanwhile), hint)
}

// result is the exit code of a job that has ended.
func result(job jobs.Job) error {
	if job.Tally.Clean() {
		return nil
	}
	return end(exitNotAllOK)
}

func checkConcurrency(calls int) error {
	if calls < 1 || calls > 10_000 {
		return usage(fmt.Sprintf("--concurrency: %d is not between 1 and 10000", calls), "")
	}
	return nil
}
