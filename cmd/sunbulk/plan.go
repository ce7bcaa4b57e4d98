package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/plan"
	"github.com/sunbulk/sunbulk/jobs"
)

func (p *program) planCommand() *cobra.Command {
	var o jobFlags
	cmd := &cobra.Command{
		Use:   "plan FILE…",
		Short: "What run would do; sends nothing",
		Long: `Plan reads the files as run does and counts what would be done: operations, channels,
confirmations, people who would get a message, rejected rows, calls, and the time they take at the
rate. It needs no credentials and sends nothing.`,
		Example: `  sunbulk plan users.csv --rate 40`,
		Args:    needFiles,
		RunE:    func(_ *cobra.Command, files []string) error { return p.plan(o, files) },
	}
	o.register(cmd.Flags())
	return cmd
}

func (p *program) plan(o jobFlags, files []string) error {
	o.app = cmp.Or(o.app, "any") // a plan needs none
	opt, err := o.options()
	if err != nil {
		return err
	}
	reader, err := o.open(p, files)
	if err != nil {
		return err
	}
	defer reader.Close()
	made := plan.Make(func(yield func(jobs.Row, *jobs.Rejection) bool) {
		for row, rejection := range records(reader) {
			if p.drain.Err() != nil || !yield(row, rejection) {
				return
			}
		}
	}, opt.Rate*(1-opt.Reserve))
	if p.drain.Err() != nil {
		return &exitError{code: exitInterrupted, err: errors.New("interrupted")}
	}
	made.Inputs = reader.Inputs()
	if p.json {
		err = p.writeJSON(made)
	} else {
		err = writePlan(p.stdout, made, opt.Rate*(1-opt.Reserve))
	}
	p.forecast(opt, made.Calls, time.Now())
	if err == nil && made.Rejected > 0 {
		return &exitError{code: exitNotAllOK}
	}
	return err
}

func writePlan(out io.Writer, p plan.Plan, rate float64) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "rows\t%s\n", group(p.Rows))
	counts(w, "", p.Operations)
	counts(w, "channel ", p.Channels)
	counts(w, "confirmation ", p.Confirmations)
	fmt.Fprintf(w, "people who get a message\t%s\n", group(p.Messaged))
	fmt.Fprintf(w, "rejected\t%s\n", group(p.Rejected))
	fmt.Fprintf(w, "calls\t%s\n", group(p.Calls))
	if rate > 0 {
		fmt.Fprintf(w, "time at %g calls/s\t%s\n", rate, p.Duration().Round(time.Second))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, s := range p.Samples {
		fmt.Fprintf(out, "rejected: row %d, line %d: %s %s\n", s.Row, s.Line, s.Column, s.Cause)
	}
	if more := p.Rejected - int64(len(p.Samples)); more > 0 {
		fmt.Fprintf(out, "… and %s more\n", group(more))
	}
	for _, in := range p.Inputs {
		if in.Error != "" {
			fmt.Fprintf(out, "warning: %s was not read to its end: %s\n", in.Name, in.Error)
		}
	}
	return nil
}

// counts writes a line per name, the most frequent first.
func counts[K ~string](w io.Writer, prefix string, by map[K]int64) {
	names := slices.SortedFunc(maps.Keys(by), func(a, b K) int { return cmp.Or(cmp.Compare(by[b], by[a]), cmp.Compare(a, b)) })
	for _, name := range names {
		fmt.Fprintf(w, "  %s%s\t%s\n", prefix, name, group(by[name]))
	}
}
