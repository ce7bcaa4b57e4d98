package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/sunbulk/sunbulk/internal/expression"
	"github.com/sunbulk/sunbulk/jobs"
)

// expressionFlags are the flags of the expressions that rows are filtered and completed by.
type expressionFlags struct {
	where string
	vars  []string
	now   string
}

func (e *expressionFlags) register(f *pflag.FlagSet) {
	f.StringVar(&e.where, "where", "", `only rows, or clients of those that lists find, for which this holds, e.g. 'age(client.lastSeen) > days(90)'`)
	f.StringArrayVar(&e.vars, "var", nil, "NAME=VALUE, a text that expressions know as vars.NAME; it is kept with the job, so no secret")
	f.StringVar(&e.now, "now", "", "time from which expressions count ages, e.g. 2026-11-22T00:00:00Z (default: when the job is made)")
}

// variables returns --var by name.
func (e *expressionFlags) variables() (map[string]string, error) {
	vars := map[string]string{}
	for _, v := range e.vars {
		name, value, ok := strings.Cut(v, "=")
		if !ok || !expression.IsVariable(name) {
			return nil, usage(fmt.Sprintf("--var %q is not NAME=VALUE", v), "a name has letters, digits and _, e.g. --var country=34")
		}
		if _, twice := vars[name]; twice {
			return nil, usage("--var gives "+name+" twice", "")
		}
		vars[name] = value
	}
	return vars, nil
}

// apply checks the flags and puts them in a job's options.
func (e *expressionFlags) apply(o *jobs.Options) error {
	vars, err := e.variables()
	if err != nil {
		return err
	}
	o.Where = e.where
	if len(vars) > 0 {
		text, err := json.Marshal(vars) // maps are written in the order of their keys
		if err != nil {
			return err
		}
		o.Vars = string(text)
	}
	if e.now != "" {
		now, err := time.Parse(time.RFC3339, e.now)
		if err != nil {
			return usage(fmt.Sprintf("--now %q is not a time such as 2026-11-22T00:00:00Z", e.now), "")
		}
		o.Now = now.UTC().Format(time.RFC3339Nano)
	}
	return nil
}

// evaluates tells whether a job with these flags has expressions.
func (j *jobFlags) evaluates() bool {
	return j.expressions.where != "" || strings.Contains(strings.Join(j.set, "\n"), "${")
}
