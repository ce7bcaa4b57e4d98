package runbook

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/sunbulk/sunbulk/jobs"
)

// Options returns the options of the job of a step, from 0, as the flags of the same names would give them. Its
// error is an *Error.
func (r *Runbook) Options(step int) (jobs.Options, error) {
	o, wrong := r.options(step)
	problems := make([]Problem, len(wrong))
	for i, w := range wrong {
		problems[i] = r.problem(r.optionPath(step, w.Option), w.Cause, w.Hint)
	}
	return o, newError(r.source(), problems)
}

func (r *Runbook) options(step int) (jobs.Options, []*jobs.OptionError) {
	s, o := r.Steps[step].Limits, jobs.Defaults()
	o.App, o.Burst, o.BatchSize = r.App, r.Burst, cmp.Or(r.Batch, o.BatchSize)
	if r.Rate != nil {
		o.Rate = *r.Rate
	}
	if r.Window != "" {
		o.Window, o.Timezone = r.Window, r.Timezone
	}
	o.Attempts = cmp.Or(s.Attempts, r.Attempts, o.Attempts)
	o.Timeout = time.Duration(cmp.Or(s.Timeout, r.Timeout, Duration(o.Timeout)))
	if within := cmp.Or(s.Within, r.Within); within != nil {
		o.Within = time.Duration(*within)
	}
	if canary := cmp.Or(s.Canary, r.Canary); canary != nil {
		o.Canary = jobs.Canary{Rows: canary.Rows, Wait: jobs.CanaryWait}
		if canary.Wait != nil {
			o.Canary.Wait = time.Duration(*canary.Wait)
		}
	}
	var wrong []*jobs.OptionError
	for _, err := range []*jobs.OptionError{
		parse(&o.MaxFailures, "max-failures", cmp.Or(s.MaxFailures, r.MaxFailures), jobs.ParseThreshold),
		parse(&o.Resend, "resend", cmp.Or(s.Resend, r.Resend), jobs.ParseResend),
		parse(&o.Reserve, "reserve", r.Reserve, jobs.ParseShare),
		parse(&o.Priority, "priority", r.Priority, jobs.ParsePriority),
	} {
		if err != nil {
			wrong = append(wrong, err)
		}
	}
	return o, append(wrong, o.Check()...)
}

// parse sets an option to a text, unless that is empty.
func parse[T any](to *T, option, text string, parse func(string) (T, error)) *jobs.OptionError {
	if text == "" {
		return nil
	}
	v, err := parse(text)
	if err != nil {
		return &jobs.OptionError{Option: option, Cause: err.Error()}
	}
	*to = v
	return nil
}

// optionPath is where a runbook says an option of a step: in the step, or for all of them.
func (r *Runbook) optionPath(step int, option string) string {
	key := strings.ReplaceAll(strings.Replace(option, "canary-", "canary.", 1), "-", "_")
	if own := fmt.Sprintf("steps[%d].%s", step, key); r.stated(own) == own {
		return own
	}
	return key
}

// source names the runbook in errors.
func (r *Runbook) source() string { return cmp.Or(r.file, "runbook") }

// problem makes one of a path's place.
func (r *Runbook) problem(path, cause, hint string) Problem {
	line, column := r.Place(path)
	return Problem{Line: line, Column: column, Path: path, Cause: cause, Hint: hint}
}
