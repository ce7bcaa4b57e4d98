package main

import (
	"context"
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

	given       jobs.Options // as the flags of jobs.OptionTable say
	settledZone string       // zone that was taken from this machine; empty when none was
}

func (j *jobFlags) register(f *pflag.FlagSet) {
	j.given = jobs.Defaults()
	f.StringVar(&j.read.Op, "op", "", "operation of rows without an op column: "+alternatives(jobs.OperationNames()))
	f.StringVar(&j.app, "app", "", "app id")
	f.StringArrayVar(&j.read.Set, "set", nil, "PATH=VALUE, a value for every row, e.g. confirmation.type=immediate or 'phoneNumber=${client.externalId}'")
	f.StringArrayVar(&j.read.Map, "map", nil, "COLUMN=PATH, take PATH from COLUMN")
	f.StringVar(&j.read.Delimiter, "delimiter", "", "of CSV files: , ; | or tab (default: the one that fits the header)")
	f.StringVar(&j.read.Encoding, "encoding", "", "of files without a byte order mark, e.g. windows-1252, iso-8859-15, utf-16le, shift_jis (default: UTF-8)")
	f.StringVar(&j.read.Sheet, "sheet", "", "of workbooks (.xlsx), by name or number (default: the only one that is shown and holds something)")
	f.StringVar(&j.read.PhoneCountry, "phone-country", "", "of phone numbers without a country code, e.g. ES (default: all have one, and a +)")
	f.StringVar(&j.read.Where, "where", "", `only rows, or clients of those that lists find, for which this holds, e.g. 'age(client.lastSeen) > days(90)'`)
	f.StringArrayVar(&j.read.Vars, "var", nil, "NAME=VALUE, a text that expressions know as vars.NAME; it is kept with the job, so no secret")
	f.StringVar(&j.read.Now, "now", "", "time from which expressions count ages, e.g. 2026-11-22T00:00:00Z (default: when the job is made)")
	f.BoolVar(&j.read.AllowDuplicates, "allow-duplicates", false, "run rows that are the same as an earlier one")
	for _, o := range jobs.OptionTable() {
		f.Var(optionValue{o, &j.given}, o.Name, o.Help)
	}
}

// optionValue is the flag of an option.
type optionValue struct {
	jobs.Option
	of *jobs.Options
}

func (v optionValue) String() string        { return v.Text(v.of) }
func (v optionValue) Set(text string) error { return v.Option.Set(v.of, text) }
func (v optionValue) Type() string          { return string(v.Option.Type) }

// options checks the flags and returns them as a job's options.
func (j *jobFlags) options() (jobs.Options, error) {
	o := j.given
	o.App = j.app
	var err error
	if err := j.settleZone(&o); err != nil {
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
	return service.Order{Files: files, Read: j.read, Options: opt, Stdin: p.stdin, By: asked(""), Remark: p.note, Note: p.say}
}

// say tells people how it goes.
func (p *program) say(message string) { printf(p.screen, "%s\n", message) }

// alternatives lists names as help does: a, b or c.
func alternatives(names []string) string {
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}
