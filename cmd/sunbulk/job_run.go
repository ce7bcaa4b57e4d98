package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/local"
	"github.com/sunbulk/sunbulk/internal/notify"
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
	replicas    int
	out         string
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
			if err := p.keepSimulation(cmd.Flags(), o.access.simulate, &o.redis); err != nil {
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
	replicasFlag(f, &o.replicas)
	f.StringVar(&o.out, "out", "", "report folder (default sunbulk-JOB)")
	simulateFlag(f, &o.access.simulate)
	planFlag(f)
	return cmd
}

// percentWithInput is how much garbage may pile up, as a part of what is in use, while input remembers rows:
// in 34 MiB without a pointer, so that to collect more often than Go does costs next to nothing and
// saves a quarter of the memory (I6).
const percentWithInput = 40

// percentInOne is the same where the worker and its Redis are in the process, too.
const percentInOne = 15

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
	if err := cmp.Or(checkConcurrency(o.concurrency), checkReplicas(o.replicas, o.redis)); err != nil {
		return err
	}
	hook, err := o.notify.hook(p.allowHTTP)
	if err != nil {
		return err
	}
	o.job.app = o.access.app(o.job.app)
	api, stop, err := o.access.connect(o.job.app)
	if err != nil {
		return err
	}
	defer stop()
	opt, err := o.job.options()
	if err != nil {
		return err
	}
	p.tellZone(&o.job, opt)
	opt.Simulated = o.access.simulated()
	defer debug.SetGCPercent(debug.SetGCPercent(o.job.garbage(percentInOne)))
	w := worker.Config{Name: service.ProcessName(), APIs: map[string]*sunco.API{opt.App: api}, Concurrency: o.concurrency, Replicas: o.replicas, Logger: log}
	order := p.order(&o.job, files, opt)
	if o.redis != "" {
		return p.runJobOnRedis(ctx, o, order, hook, w)
	}
	out, err := p.runJobLocal(ctx, o, order, hook, w)
	if out == "" {
		return err
	}
	return cmp.Or(p.followRun(ctx, o, out, w, opt.Within), err)
}

// runJobLocal runs a job in this process alone, and returns its report folder when it has ended.
func (p *program) runJobLocal(ctx context.Context, o runOptions, in service.Order, hook *notify.Hook, w worker.Config) (ended string, err error) {
	order := local.Order{Order: in, Out: o.out, BaseURL: o.access.baseURL, Given: o.given}
	err = order.Open(p.drain)
	defer order.Close()
	if err != nil {
		return "", p.orInterrupted(err)
	}
	if err := o.access.ask(ctx, w.APIs[in.Options.App]); err != nil {
		return "", err
	}
	job, err := local.Begin(p.drain, order)
	if err != nil {
		return "", p.orInterrupted(err)
	}
	defer job.Close()
	cfg := notify.Config{Apps: []string{in.Options.App}, Job: job.ID, Embedded: true, StalledAfter: o.notify.stalledAfter, Since: time.Now()} // an earlier process has reported what was before
	defer p.notices(ctx, job.Service, hook, cfg, w.Logger)()
	defer p.saysStopping()()
	progress := p.watch(ctx, job.ID, job.Service, job.Progress)
	err = job.Work(ctx, p.drain, w)
	progress.stop()
	if err != nil {
		return "", err
	}
	now, err := p.reportOf(ctx, job, job.Out)
	if err != nil {
		return "", err
	}
	if ctx.Err() != nil {
		return "", job.Interrupted()
	}
	if err := job.Settle(ctx, now); err != nil {
		return "", err
	}
	return job.Out, result(now)
}

// reportOf shows the report of a job that this command has worked. Where that is stopped at once, there is none: it may take long.
func (p *program) reportOf(ctx context.Context, job interface {
	Now(context.Context) (jobs.Job, error)
	Report(context.Context, jobs.Job) (service.Report, error)
}, out string) (jobs.Job, error) {
	now, err := job.Now(context.WithoutCancel(ctx))
	if err != nil || ctx.Err() != nil {
		return now, err
	}
	r, err := job.Report(ctx, now)
	if ctx.Err() != nil && errors.Is(err, context.Canceled) { // stopped as it was written
		return now, nil
	}
	if r.Summary.Job != "" {
		err = errors.Join(p.showReport(out, r), err)
	}
	return now, err
}

// saysStopping says that the first signal has come, until the returned function is called.
func (p *program) saysStopping() (end func()) {
	stop := context.AfterFunc(p.drain, func() {
		fmt.Fprintln(p.screen, "stopping: calls in flight end first; interrupt again to stop at once")
	})
	return func() { stop() }
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
