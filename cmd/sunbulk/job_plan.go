package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sunbulk/sunbulk/internal/credentials"
	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/plan"
	"github.com/sunbulk/sunbulk/jobs"
)

// planOptions are the flags of plan.
type planOptions struct {
	run   runOptions     // job, access and simulate, as run has them
	flags *pflag.FlagSet // that these come from
	check bool
	out   string // of the plan file; empty = none
	rows  int    // to show as they would be sent

	rejected string // file for the rows that would be rejected; empty = none
}

func (p *program) planCommand() *cobra.Command {
	var o planOptions
	cmd := &cobra.Command{
		Use:   "plan FILE…",
		Short: "What run would do; sends nothing",
		Long: `Plan reads the files as run does and counts what would be done: operations, channels, integrations,
confirmations, people who would get a message, rejected rows, rows that conflict with each other,
calls, and the time they take at the rate. It needs no credentials and sends nothing.

With --check it also asks the API, in 32 GETs at most, and three more
for each row whose conversation is looked up: whether the credentials are taken, whether
app and integrations are there and of the type that the rows name, and about the users of 20 rows.
By these it says how many calls the job will make, where that is fewer than are planned.
With --rows it shows the first rows as they would be sent, with their computed values.
With --rejected it writes the rows that would be rejected to a CSV file, to be mended and run.
With --out it keeps the plan in a file: run and enqueue do only what was planned with --plan.

` + filesHelp,
		Example: `  sunbulk plan users.csv --rate 40
  sunbulk plan users.csv --app 5e4af71a81966cfff3ef6550 --rate 40 --check --out plan.json
  sunbulk run users.csv --plan plan.json`,
		Args: needFiles,
		RunE: func(_ *cobra.Command, args []string) error {
			files, err := p.find(args)
			if err == nil {
				err = p.plan(p.drain, o, files)
			}
			return p.orInterrupted(err)
		},
	}
	f := cmd.Flags()
	o.flags = f
	o.run.job.register(f)
	o.run.access.register(f, &p.allowHTTP)
	simulateFlag(f, &o.run.access.simulate)
	f.BoolVar(&o.check, "check", false, "ask the API about credentials, app, integrations and some users, whatever --window says")
	f.IntVar(&o.rows, "rows", 0, fmt.Sprintf("show the first rows as they would be sent, at most %d; not from SUNBULK_ROWS", plan.MaxFirst))
	f.Lookup("rows").Annotations = map[string][]string{commandLineOnly: nil}
	f.StringVar(&o.rejected, "rejected", "", "write the rows that would be rejected, as they are in the input and with the cause, to this new CSV file")
	f.Lookup("rejected").Annotations = map[string][]string{commandLineOnly: nil}
	f.StringVar(&o.out, "out", "", "file to keep the plan in, for --plan of run and enqueue; not from SUNBULK_OUT, the report folder")
	f.Lookup("out").Annotations = map[string][]string{commandLineOnly: nil}
	return cmd
}

func (p *program) plan(ctx context.Context, o planOptions, files *input.Files) error {
	if o.rows < 0 || o.rows > plan.MaxFirst {
		return usage(fmt.Sprintf("--rows %d is not from 0 to %d", o.rows, plan.MaxFirst), "")
	}
	if o.out != "" {
		if err := refusePlanFile(o.out, files); err != nil {
			return err
		}
	}
	if err := refuseRejectedFile(o.rejected); err != nil {
		return err
	}
	o.run.job.app = o.run.access.app(o.run.job.app)
	if !o.check && o.out == "" {
		o.run.job.app = cmp.Or(o.run.job.app, "any") // mere counting needs none
	}
	if read := &o.run.job.read; read.Evaluates() && read.Now == "" {
		read.Now = time.Now().UTC().Format(time.RFC3339) // so that the plan is carried out as it was counted
	}
	opt, err := o.run.job.options()
	if err != nil {
		return err
	}
	p.tellZone(&o.run.job, opt)
	var c *plan.Checker
	if o.check {
		var stop func()
		if c, stop, err = newChecker(ctx, &o.run.access, opt); err != nil {
			return err
		}
		defer stop()
	}
	made, first, err := p.makePlan(ctx, o, opt, files)
	if err != nil {
		return err
	}
	if !p.json {
		writeFirst(p.stdout, first)
		if err := writePlan(p.stdout, made); err != nil {
			return err
		}
	}
	return p.concludePlan(ctx, o, opt, planned{Plan: made, Numbers: made.Numbers(), First: first}, c)
}

// makePlan reads the files.
func (p *program) makePlan(ctx context.Context, o planOptions, opt jobs.Options, files *input.Files) (made plan.Plan, first []plan.First, err error) {
	// Two tables of 34 MiB stay, and hold no pointers: collecting early costs little and saves half as much again.
	defer debug.SetGCPercent(debug.SetGCPercent(20))
	reader, err := o.run.job.open(ctx, p, files)
	if err != nil {
		return made, nil, err
	}
	defer reader.Close()
	rejected, err := newRejectedFile(o.rejected)
	if err != nil {
		return made, nil, err
	}
	defer func() { err = errors.Join(err, rejected.close()) }()
	reader.At(opt.Time(time.Now()))
	made = plan.Make(rejected.watch(plan.Watch(reader.Rows(ctx), o.rows, &first)), opt)
	if err := ctx.Err(); err != nil {
		return made, first, err
	}
	made.Inputs = reader.Inputs()
	return made, first, p.writeRejected(rejected, made)
}

// concludePlan does what is left to do with a plan: the check, if there is one, the JSON, the file.
func (p *program) concludePlan(ctx context.Context, o planOptions, opt jobs.Options, told planned, c *plan.Checker) error {
	made := told.Plan
	if c != nil {
		told.Check = &c.Findings
		if err := c.Check(ctx, made); err != nil {
			return err
		}
		if !p.json {
			writeFindings(p.stdout, c.Findings.Findings)
		}
	}
	if p.json {
		if err := p.writeJSON(told); err != nil {
			return err
		}
	}
	p.warnOfNothing(made.Rows)
	p.forecast(opt, made.Calls, time.Now())
	if o.out != "" {
		if err := p.keepPlan(o.out, o.flags, opt, made); err != nil {
			return err
		}
	}
	if made.Rejected > 0 || told.Check.Problems() {
		return end(exitNotAllOK)
	}
	return nil
}

// planned is what plan --json shows.
type planned struct {
	plan.Plan
	Numbers []plan.Number  `json:"numbers,omitempty"` // of some rows, as they are sent
	First   []plan.First   `json:"firstRows,omitempty"`
	Check   *plan.Findings `json:"check,omitempty"`
}

// newChecker asks the API about the app, whose refusal is an error.
func newChecker(ctx context.Context, a *accessFlags, opt jobs.Options) (*plan.Checker, func(), error) {
	api, stop, err := a.connect(opt.App)
	if err != nil {
		return nil, nil, err
	}
	c, err := plan.NewChecker(ctx, api, opt, func(err error) error { return credentials.Judge(err, a.baseURL) })
	if err != nil {
		stop()
		return nil, nil, err
	}
	return c, stop, nil
}
