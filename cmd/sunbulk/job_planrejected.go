package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"

	"github.com/sunbulk/sunbulk/internal/plan"
	"github.com/sunbulk/sunbulk/internal/report"
	"github.com/sunbulk/sunbulk/jobs"
)

// refuseRejectedFile refuses a name at which something is.
func refuseRejectedFile(name string) error {
	if name == "-" {
		return usage("--rejected takes the name of a file", "--json writes the plan on stdout")
	}
	if _, err := os.Lstat(name); name != "" && !errors.Is(err, fs.ErrNotExist) {
		return usage(fmt.Sprintf("--rejected %s is there already", name), "give another name, or move it away")
	}
	return nil
}

// planRejected makes a plan and writes the rejected rows to a file.
func (p *program) planRejected(ctx context.Context, name string, rows iter.Seq2[jobs.Row, *jobs.Rejection], opt jobs.Options) (made plan.Plan, err error) {
	rejections, err := report.NewRejections()
	if err != nil {
		return made, cannotRun(err, "check the space in TMPDIR")
	}
	defer func() { err = errors.Join(err, rejections.Close()) }()
	var failed error
	made = plan.Make(func(yield func(jobs.Row, *jobs.Rejection) bool) {
		for row, rejection := range rows {
			if rejection != nil && failed == nil {
				failed = rejections.Add(rejection)
			}
			if failed != nil || !yield(row, rejection) {
				return
			}
		}
	}, opt)
	if err := errors.Join(failed, ctx.Err()); err != nil {
		return made, err
	}
	written, err := rejections.Write(name)
	switch {
	case errors.Is(err, fs.ErrExist):
		return made, usage(fmt.Sprintf("--rejected %s has come into being meanwhile", name), "give another name")
	case err != nil:
		return made, cannotRun(fmt.Errorf("write rejected rows: %w", err), "check --rejected and the space on the disk")
	case !p.quiet && written > 0:
		printf(p.screen, "rejected: %s in %s\n", jobs.Count(written, "row"), name)
	}
	return made, nil
}
