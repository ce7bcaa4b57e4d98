package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/sunbulk/sunbulk/internal/expression"
	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/jobs"
)

// jobFlags are the flags of the commands that read rows.
type jobFlags struct {
	op, app         string
	set, mapped     []string
	allowDuplicates bool

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
	expressions expressionFlags
	flags       *pflag.FlagSet // where they are registered

	namesOps bool            // the opened files name the operation of each row
	uses     expression.Uses // what the expressions depend on
}

func (j *jobFlags) register(f *pflag.FlagSet) {
	standard := jobs.Defaults()
	j.flags = f
	f.StringVar(&j.op, "op", "", "operation of rows without an op column: create, ensure, list, remove or verify")
	f.StringVar(&j.app, "app", "", "app id")
	f.StringArrayVar(&j.set, "set", nil, "PATH=VALUE, a value for every row, e.g. confirmation.type=immediate or 'phoneNumber=${client.externalId}'")
	f.StringArrayVar(&j.mapped, "map", nil, "COLUMN=PATH, take PATH from COLUMN")
	j.expressions.register(f)
	f.BoolVar(&j.allowDuplicates, "allow-duplicates", false, "run rows that are the same as an earlier one")
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
	if err := j.expressions.apply(&o); err != nil {
		return o, err
	}
	if wrong := o.Check(); len(wrong) > 0 {
		return o, j.wrong(wrong[0])
	}
	switch {
	case j.app == "":
		return o, usage("no app id", "give --app, or set SUNBULK_APP")
	case o.Canary.Rows > 0 && j.evaluates() && o.Now == "":
		return o, usage("--canary reads the input twice, and with expressions needs --now, so that both readings judge alike", "e.g. --now "+time.Now().UTC().Format(time.RFC3339))
	}
	return o, nil
}

// wrong tells of a flag with a value that no job can have.
func (j *jobFlags) wrong(e *jobs.OptionError) error {
	cause := e.Cause
	if !strings.HasPrefix(cause, `"`) { // else it quotes the part that is wrong
		cause = j.flags.Lookup(e.Option).Value.String() + " " + cause
	}
	return usage("--"+e.Option+": "+cause, e.Hint)
}

// open opens the files as the flags say. What takes their records must look at ctx.
func (j *jobFlags) open(ctx context.Context, p *program, files *input.Files) (*input.Reader, error) {
	cfg, err := j.input(p)
	if err != nil {
		return nil, err
	}
	reader, err := input.Open(ctx, files, cfg)
	if err == nil {
		j.namesOps, j.uses = reader.NamesOps(), reader.Uses()
	}
	return reader, p.orInterrupted(err)
}

// input returns how rows are read.
func (j *jobFlags) input(p *program) (input.Config, error) {
	cfg := input.Config{
		Op: j.op, Where: j.expressions.where, AllowDuplicates: j.allowDuplicates, Stdin: p.stdin,
		Warn: p.note,
	}
	var err error
	if cfg.Vars, err = j.expressions.variables(); err != nil {
		return cfg, err
	}
	for _, s := range j.set {
		path, value, ok := strings.Cut(s, "=")
		if !ok || path == "" {
			return cfg, usage(fmt.Sprintf("--set %q is not PATH=VALUE", s), "e.g. --set confirmation.type=immediate")
		}
		cfg.Set = append(cfg.Set, input.Setting{Path: path, Value: value})
	}
	for _, m := range j.mapped {
		at := strings.LastIndexByte(m, '=')
		if at < 1 || at == len(m)-1 {
			return cfg, usage(fmt.Sprintf("--map %q is not COLUMN=PATH", m), "e.g. --map mobile=phoneNumber")
		}
		cfg.Map = append(cfg.Map, input.Mapping{Column: m[:at], Path: m[at+1:]})
	}
	return cfg, nil
}

// settings are the flags that say how rows are read: a run that goes on must have the same.
func (j *jobFlags) settings() map[string]string {
	return map[string]string{
		"op":               j.op,
		"set":              strings.Join(j.set, "\n"),
		"map":              strings.Join(j.mapped, "\n"),
		"where":            j.expressions.where,
		"var":              strings.Join(j.expressions.vars, "\n"),
		"now":              j.expressions.now,
		"allow-duplicates": strconv.FormatBool(j.allowDuplicates),
	}
}
