package main

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/local"
	"github.com/sunbulk/sunbulk/internal/runs"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/sunco"
	"github.com/sunbulk/sunbulk/worker"
)

// runbookRunOptions are the flags of runbook run.
type runbookRunOptions struct {
	book        runbookFlags
	access      accessFlags
	redis       string
	concurrency int
	replicas    int
	out         string
	exceed      bool
}

func (p *program) runbookRunCommand() *cobra.Command {
	var o runbookRunOptions
	cmd := &cobra.Command{
		Use:   "run FILE",
		Short: "Run a runbook from step to step, in one process",
		Long: `Run takes the rows of the input through the steps of a runbook, one step after the other, and writes
a report: rows.csv says how far each row came and why no further, and each step has a folder of its own.

Without --redis it needs nothing else: it keeps journals in the report folder, and the same command with the same --out goes
on where it stopped, after a crash too. With --redis the run is there, workers help, and continue it should
this process end; 'sunbulk runbook start' leaves it to them at once.`,
		Example: `  sunbulk runbook run migrate.yaml --simulate --input users.csv
  sunbulk runbook run migrate.yaml --var new=5f1a0c52d8b7e4000c3a9e02 --out moved`,
		Args: needRunbook,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := p.keepSimulation(cmd.Flags(), o.access.simulate, &o.redis); err != nil {
				return err
			}
			return p.runRunbook(cmd.Context(), o, args[0])
		},
	}
	f := cmd.Flags()
	o.book.register(f)
	o.access.register(f, &p.allowHTTP)
	redisFlag(f, &o.redis, redisMeaning+" (default: embedded)")
	f.IntVar(&o.concurrency, "concurrency", 64, "calls in flight")
	replicasFlag(f, &o.replicas)
	f.StringVar(&o.out, "out", "", "report folder (default sunbulk-RUN)")
	exceedFlag(f, &o.exceed)
	o.book.duplicatesFlag(f)
	simulateFlag(f, &o.access.simulate)
	return cmd
}

// runRunbook is the whole of runbook run.
func (p *program) runRunbook(ctx context.Context, o runbookRunOptions, name string) error {
	log, err := p.logger(slog.LevelWarn)
	if err != nil {
		return err
	}
	if err := cmp.Or(checkConcurrency(o.concurrency), checkReplicas(o.replicas, o.redis)); err != nil {
		return err
	}
	flow, files, err := p.openRunbook(o.book, o.access.simulate, name)
	if err != nil {
		return err
	}
	now := time.Now().UTC().Truncate(time.Millisecond)
	r := runs.Run{ID: jobs.NewID(now), Runbook: flow.Runbook, Vars: flow.Vars, Local: true, Created: now, State: jobs.Running}
	defer debug.SetGCPercent(debug.SetGCPercent(percentInOne))
	if err := checkRunOut(o.out, o.redis, r); err != nil {
		return err
	}
	api, stop, err := o.access.connect(flow.App)
	if err != nil {
		return err
	}
	defer stop()
	if err := o.access.ask(ctx, api); err != nil {
		return err
	}
	if o.redis != "" {
		order := service.RunOrder{Flow: flow, Files: files, By: asked(""), ExceedCaps: o.exceed, AllowDuplicates: o.book.allowDuplicates, Remark: p.note, Logger: log}
		return p.runOnRedis(ctx, o, order, api, log)
	}
	return p.runRunbookLocal(ctx, local.RunOrder{
		Flow: flow, Files: files, Out: o.out, BaseURL: o.access.baseURL, Simulated: o.access.simulated(), Who: operator(), ExceedCaps: o.exceed,
		AllowDuplicates: o.book.allowDuplicates, Remark: p.note, Note: p.say,
	}, worker.Config{Name: service.ProcessName(), APIs: map[string]*sunco.API{flow.App: api}, Concurrency: o.concurrency, Logger: log})
}

// runRunbookLocal runs a runbook in this process alone.
func (p *program) runRunbookLocal(ctx context.Context, order local.RunOrder, w worker.Config) error {
	order.Step = func(v *service.RunView, job *local.Job) (done func()) {
		p.tellStep(&v.Run, v.Run.Step)
		return p.watch(ctx, job.ID, job.Service, job.Progress).stop
	}
	run, err := local.BeginRun(order)
	if err != nil {
		return p.orInterrupted(err)
	}
	defer run.Close()
	defer p.saysStopping()()
	err = run.Work(ctx, p.drain, w)
	stop, stopped := errors.AsType[*local.Stop](err)
	switch {
	case err != nil && !stopped:
		return p.orInterrupted(err)
	case stopped && ctx.Err() != nil: // at once: a report may take long
		return stop
	}
	if err := p.showRun(ctx, &run.RunView, run.Dir); err != nil {
		return err
	}
	if stopped {
		return stop
	}
	if err := run.Settle(); err != nil {
		return err
	}
	if !run.Clean() {
		return end(exitNotAllOK)
	}
	return nil
}
