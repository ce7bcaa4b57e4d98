package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/sunbulk/sunbulk/internal/credentials"
	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/jobs"
)

// jobFlags are the flags of the commands that read rows.
type jobFlags struct {
	app  string
	read input.Spec

	rate        float64
	burst       int
	attempts    int
	timeout     time.Duration
	within      time.Duration
	batch       int
	maxFailures string
	canary      jobs.Canary
	resend      string
	pacing      pacingFlags
}

func (j *jobFlags) register(f *pflag.FlagSet) {
	standard := jobs.Defaults()
	f.StringVar(&j.read.Op, "op", "", "operation of rows without an op column: "+alternatives(jobs.OperationNames()))
	f.StringVar(&j.app, "app", "", "app id")
	f.StringArrayVar(&j.read.Set, "set", nil, "PATH=VALUE, a value for every row, e.g. confirmation.type=immediate or 'phoneNumber=${client.externalId}'")
	f.StringArrayVar(&j.read.Map, "map", nil, "COLUMN=PATH, take PATH from COLUMN")
	f.StringVar(&j.read.Delimiter, "delimiter", "", "of CSV files: , ; | or tab (default: the one that fits the header)")
	f.StringVar(&j.read.Encoding, "encoding", "", "of files without a byte order mark, e.g. windows-1252, iso-8859-15, utf-16le, shift_jis (default: UTF-8)")
	f.StringVar(&j.read.Where, "where", "", `only rows, or clients of those that lists find, for which this holds, e.g. 'age(client.lastSeen) > days(90)'`)
	f.StringArrayVar(&j.read.Vars, "var", nil, "NAME=VALUE, a text that expressions know as vars.NAME; it is kept with the job, so no secret")
	f.StringVar(&j.read.Now, "now", "", "time from which expressions count ages, e.g. 2026-11-22T00:00:00Z (default: when the job is made)")
	f.BoolVar(&j.read.AllowDuplicates, "allow-duplicates", false, "run rows that are the same as an earlier one")
	f.Float64Var(&j.rate, "rate", standard.Rate, "calls per second for the app, all workers together; 0 = no limit")
	f.IntVar(&j.burst, "burst", standard.Burst, "calls that may come at once (default: a tenth of the rate, at least 1)")
	j.pacing.register(f)
	f.IntVar(&j.attempts, "attempts", standard.Attempts, fmt.Sprintf("attempts per row, 1 to %d", jobs.MaxAttempts))
	f.DurationVar(&j.timeout, "timeout", standard.Timeout, "per call")
	f.DurationVar(&j.within, "within", standard.Within, "how long verify waits for a pending client; 0 = asks once")
	f.IntVar(&j.batch, "batch", standard.BatchSize, "rows per batch, 1 to 10000")
	f.StringVar(&j.resend, "resend", string(standard.Resend), "creates to send again when their answer was lost and a look shows no client: never, silent (those that message nobody) or always")
	f.StringVar(&j.maxFailures, "max-failures", standard.MaxFailures.String(), "pause at this many failed rows (500), or this share after 200 rows (20%); 100% never pauses")
	f.IntVar(&j.canary.Rows, "canary", standard.Canary.Rows, fmt.Sprintf("run this many rows first, of every kind, and go on when few enough of them failed; up to %d", jobs.MaxCanary))
	f.DurationVar(&j.canary.Wait, "canary-wait", jobs.CanaryWait, "between the canary and the other rows")
}

// options checks the flags and returns them as a job's options.
func (j *jobFlags) options() (jobs.Options, error) {
	o := jobs.Options{
		App: j.app, Rate: j.rate, Burst: j.burst, Attempts: j.attempts, Timeout: j.timeout, Within: j.within, BatchSize: j.batch, Canary: j.canary,
	}
	var err error
	if o.MaxFailures, err = jobs.ParseThreshold(j.maxFailures); err != nil {
		return o, usage("--max-failures: "+err.Error(), "")
	}
	if o.Resend, err = jobs.ParseResend(j.resend); err != nil {
		return o, usage("--resend: "+err.Error(), "")
	}
	if err := j.pacing.apply(&o); err != nil {
		return o, err
	}
	if o.Filter, err = j.read.Filter(); err != nil {
		return o, err
	}
	if wrong := o.Check(); len(wrong) > 0 {
		return o, wrong[0]
	}
	switch {
	case j.app == "":
		return o, usage("no app id", "give --app, or set SUNBULK_APP")
	case credentials.Stray(j.app) != "":
		return o, usage("app id "+credentials.Stray(j.app), "take it off: see --app and SUNBULK_APP")
	case o.Canary.Rows > 0 && j.read.Evaluates() && o.Now == "":
		return o, usage("--canary reads the input twice, and with expressions needs --now, so that both readings judge alike", "e.g. --now "+time.Now().UTC().Format(time.RFC3339))
	}
	return o, nil
}

// open opens the files as the flags say. What takes their records must look at ctx.
func (j *jobFlags) open(ctx context.Context, p *program, files *input.Files) (*input.Reader, error) {
	cfg, err := j.read.Config()
	if err != nil {
		return nil, err
	}
	cfg.Stdin, cfg.Warn = p.stdin, p.note
	reader, err := input.Open(ctx, files, cfg)
	return reader, p.orInterrupted(err)
}

// order asks for the job of the files.
func (p *program) order(j *jobFlags, files *input.Files, opt jobs.Options) service.Order {
	return service.Order{Files: files, Read: j.read, Options: opt, Stdin: p.stdin, Who: operator(), Remark: p.note, Note: p.say}
}

// say tells people how it goes.
func (p *program) say(message string) { printf(p.screen, "%s\n", message) }

// alternatives lists names as help does: a, b or c.
func alternatives(names []string) string {
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}
