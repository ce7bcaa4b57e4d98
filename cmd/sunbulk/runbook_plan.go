package main

import (
	"context"
	"errors"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/preview"
	"github.com/sunbulk/sunbulk/internal/runs"
)

// runbookPlanOptions are the flags of runbook plan.
type runbookPlanOptions struct {
	book   runbookFlags
	access accessFlags
	check  bool

	rejected string // file for the rows that the first step would reject; empty = none
}

func (p *program) runbookPlanCommand() *cobra.Command {
	var o runbookPlanOptions
	cmd := &cobra.Command{
		Use:   "plan FILE",
		Short: "What a runbook would do with its input; changes nothing",
		Long: `Plan reads the whole input and counts what the first step would do with it: rows, rejected rows, calls, and the
time that they take. Of the other steps it says how many rows and calls they have at most.

With --check it asks the API, in 130 GETs at most: about the credentials and the app, and about the users of 20 rows
drawn from all over the input. It takes these rows through all steps, by what the API has and what the steps before
would make, and tells how many rows and calls that makes for the whole input. Retries, and the repeated lists of a
verify whose clients stay pending, come on top. Where the first step is a list, it shows the first rows that go on.

With --rejected it writes the rows that the first step would reject to a CSV file, to be mended and run.`,
		Example: `  sunbulk runbook plan migrate.yaml --input users.csv
  sunbulk runbook plan migrate.yaml --check --var new=5f1a0c52d8b7e4000c3a9e02`,
		Args: needRunbook,
		RunE: func(_ *cobra.Command, args []string) error {
			return p.orInterrupted(p.planRunbook(p.drain, o, args[0]))
		},
	}
	f := cmd.Flags()
	o.book.register(f)
	o.access.register(f, &p.allowHTTP)
	f.BoolVar(&o.check, "check", false, "ask the API about credentials, app, and some users, whatever the window says")
	f.StringVar(&o.rejected, "rejected", "", "write the rows that the first step would reject, as they are in the input and with the cause, to this new CSV file")
	f.Lookup("rejected").Annotations = map[string][]string{commandLineOnly: nil}
	simulateFlag(f, &o.access.simulate)
	return cmd
}

func (p *program) planRunbook(ctx context.Context, o runbookPlanOptions, name string) (err error) {
	if err := refuseRejectedFile(o.rejected); err != nil {
		return err
	}
	flow, files, err := p.openRunbook(o.book, o.access.simulate, name)
	if err != nil {
		return err
	}
	r := runs.Run{Runbook: flow.Runbook, Vars: flow.Vars, Created: time.Now()}
	opt, err := r.Options(0)
	if err != nil {
		return err
	}
	rejected, err := newRejectedFile(o.rejected)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rejected.close()) }()
	cfg := preview.PlanConfig{Note: p.note, Watch: rejected.watch}
	if o.check {
		var stop func()
		if cfg.Checker, stop, err = newChecker(ctx, &o.access, opt); err != nil {
			return err
		}
		defer stop()
	}
	defer debug.SetGCPercent(debug.SetGCPercent(percentWithInput))
	made, err := preview.Plan(ctx, &r, flow, files, cfg)
	if err != nil {
		return err
	}
	if err := p.writeRejected(rejected, made.Input); err != nil {
		return err
	}
	return p.showPlannedRunbook(made)
}

func (p *program) showPlannedRunbook(m preview.Planned) error {
	if p.json {
		if err := p.writeJSON(m); err != nil {
			return err
		}
	} else if err := writePlanned(p.stdout, &m); err != nil {
		return err
	}
	if m.Wrong() {
		return end(exitNotAllOK)
	}
	return nil
}
