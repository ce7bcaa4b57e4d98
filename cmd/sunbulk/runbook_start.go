package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/runbook"
	"github.com/sunbulk/sunbulk/internal/runs"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/jobs"
)

func (p *program) runbookStartCommand() *cobra.Command {
	var (
		o      runbookFlags
		redis  string
		resume string
		exceed bool
	)
	cmd := &cobra.Command{
		Use:   "start FILE",
		Short: "Begin a run of a runbook on Redis, for workers to go on with",
		Long: `Start queues the first step of a runbook on --redis and prints the run's id on stdout. Workers make the
calls, and move the run from step to step: no command has to stay. After an interruption --resume goes on
with the run that was being begun.`,
		Example: `  sunbulk runbook start migrate.yaml --redis redis://localhost:6379
  sunbulk runbook start migrate.yaml --input 'newest:s3://exports/users-*.csv.gz' --var new=5f1a0c52d8b7e4000c3a9e02`,
		Args: needRunbook,
		RunE: func(_ *cobra.Command, args []string) error {
			defer debug.SetGCPercent(debug.SetGCPercent(percentWithInput))
			return p.startRunbook(p.drain, o, redis, resume, exceed, args[0])
		},
	}
	o.register(cmd.Flags())
	cmd.Flags().StringVar(&resume, "resume", "", "go on with this run, whose beginning was cut off")
	exceedFlag(cmd.Flags(), &exceed)
	o.twinFlag(cmd.Flags())
	redisFlag(cmd.Flags(), &redis, redisMeaning)
	return cmd
}

func (p *program) startRunbook(ctx context.Context, o runbookFlags, redis, resume string, exceed bool, name string) error {
	flow, files, err := p.openRunbook(o, "", name)
	if err != nil {
		return err
	}
	if flow.App == "" {
		return usage("no app id", "give --app, or name the app in the runbook")
	}
	st, err := p.openStore(ctx, redis)
	if err != nil {
		return err
	}
	defer st.Close()
	now := time.Now().UTC()
	r := runs.Run{ID: jobs.NewID(now), Runbook: flow.Runbook, Vars: flow.Vars, Local: true, Created: now}
	if r.Fingerprint, err = fingerprintRun(flow, files); err != nil {
		return err
	}
	conductor := runs.New(st.rdb, st.codec, runs.Config{Name: service.ProcessName(), Apps: []string{flow.App}, Note: p.note})
	if resume != "" {
		if r, err = halfBegun(ctx, conductor.Store, resume, r.Fingerprint); err != nil {
			return err
		}
	}
	if exceed {
		r.Exceed = 1
	}
	if err := st.refuseTwin(ctx, r, o.allowDuplicates); err != nil {
		return err
	}
	if !p.quiet {
		printf(p.screen, "run %s: after an interruption --resume %s goes on with it\n", r.ID, r.ID)
	}
	if err := beginRun(ctx, conductor, r, files); err != nil {
		return err
	}
	v, err := st.Run(ctx, r.ID)
	if err != nil {
		return err
	}
	if p.json {
		return p.writeJSON(v.Summary())
	}
	if !p.quiet {
		printf(p.screen, "begun with %s of input; 'sunbulk runbook status %s' tells how it goes on\n", rowCount(v.Rows()), r.ID)
	}
	_, err = fmt.Fprintln(p.stdout, r.ID)
	return err
}

// refuseTwin refuses a run that has been begun already: with the same runbook, variables and input. One that
// has ended may come again, as a cleanup does, unless it would create again what it has created.
func (s *store) refuseTwin(ctx context.Context, r runs.Run, allowed bool) error {
	if r.Fingerprint == "" || allowed {
		return nil
	}
	holder, err := s.ledger.Claim(ctx, r.Runbook.App, r.Fingerprint, r.Job(0))
	if err != nil || holder == r.Job(0) {
		return err
	}
	job, err := s.ledger.Job(ctx, holder)
	if err != nil {
		return err
	}
	v, err := s.Run(ctx, job.Options.Run)
	creates := slices.ContainsFunc(r.Runbook.Steps, func(step runbook.Step) bool { return step.Op == jobs.Create })
	switch {
	case errors.As(err, new(*service.NotFound)):
		return nil
	case err != nil:
		return err
	case !v.Run.State.Ended():
		return usage(fmt.Sprintf("run %s of the same input is %s", v.Run.ID, v.Summary().State), "'sunbulk runbook status "+v.Run.ID+"' tells how it goes on; --resume "+v.Run.ID+" ends a beginning that was cut off; --allow-duplicates begins another")
	case creates:
		return usage(fmt.Sprintf("run %s had the same input, and creates would come twice", v.Run.ID), "let the step be an ensure, or run every row again by --allow-duplicates")
	}
	return nil
}

// fingerprintRun tells what a run is begun with from anything else.
func fingerprintRun(flow *runbook.Flow, files *input.Files) (string, error) {
	inputs, err := files.Digest()
	if err != nil {
		return "", err
	}
	book, err := flow.Text(false)
	if err != nil {
		return "", err
	}
	vars, err := json.Marshal(flow.Vars)
	return jobs.Fingerprint(inputs, map[string]string{"runbook": string(book), "vars": string(vars)}), err
}

// halfBegun returns a run to go on with the beginning of.
func halfBegun(ctx context.Context, store *runs.Store, id, fingerprint string) (runs.Run, error) {
	if err := checkRun([]string{id}); err != nil {
		return runs.Run{}, err
	}
	r, err := store.Run(ctx, id)
	switch {
	case err != nil:
		return r, err
	case r.State.Ended():
		return r, usage(fmt.Sprintf("run %s is %s", id, r.State), "nothing can be added to it")
	case r.Fingerprint != fingerprint:
		return r, usage("run "+id+" was begun with something else", "give the same runbook, input and --var; without --resume it is a run of its own")
	}
	return r, nil
}
