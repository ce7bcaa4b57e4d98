package main

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/report"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/jobs"
)

func (p *program) reportCommand() *cobra.Command {
	var (
		redis, out string
		undo       bool
		inputs     []string
	)
	cmd := &cobra.Command{
		Use:   "report JOB|FOLDER",
		Short: "Write the report files",
		Long: `Report writes what became of every row of a job to a folder. It may be written while the job
runs: rows that have no outcome yet are unprocessed, and the exit code is 3, or 4 when it is paused.

Redis has the columns that sunbulk reads, not those that are your own. With --input, and the files
that the job has read, failed.csv and the other files of rows to be run again have all of them.

FOLDER is the report folder of a run without Redis that has ended and made clients.

With --undo it also writes undo.csv, input that removes the clients that the job made, the last
first, and undo_not_possible.csv, the rows that cannot be undone, with the cause: what a removed
client was linked to is not known, and a message that reached a person stays with them.`,
		Example: `  sunbulk report 20261122-153012-k3f9 --out report
  sunbulk report 20261122-153012-k3f9 --out report --input contacts.csv
  sunbulk report 20261122-153012-k3f9 --out report --undo
  sunbulk run report/undo.csv --app 5e4af71a81966cfff3ef6550 --out undone`,
		Args: needJobOrFolder,
		RunE: func(cmd *cobra.Command, args []string) error {
			if isFolder(args[0]) {
				return p.reportKept(cmd.Context(), args[0], out, undo)
			}
			return p.withRedis(redis, func(ctx context.Context, s *service.Service) error {
				return p.writeReport(ctx, s, out, args[0], undo, inputs)
			})
		},
	}
	redisFlag(cmd.Flags(), &redis, redisMeaning)
	cmd.Flags().StringVar(&out, "out", "", "report folder (default sunbulk-JOB)")
	cmd.Flags().BoolVar(&undo, "undo", false, "also write what takes back the job's work")
	cmd.Flags().StringArrayVar(&inputs, "input", nil, "file that the job has read, whose columns failed.csv and the like then keep; give all of them in their order")
	return cmd
}

// percentOfReport is how much garbage may pile up while a report is written, as a part of what is in use. That is 3 MB: what
// comes while it is collected is more, and makes the peak a matter of luck when it begins later (I6).
const percentOfReport = 50

func (p *program) writeReport(ctx context.Context, s *service.Service, out, id string, undo bool, inputs []string) error {
	defer debug.SetGCPercent(debug.SetGCPercent(percentOfReport))
	out = report.Dir(out, id)
	var files *input.Files
	if len(inputs) > 0 {
		var err error
		if files, err = input.Find(ctx, inputs); err != nil {
			return err
		}
	}
	r, err := s.Report(ctx, id, out, undo, files)
	if r.Summary.Job != "" {
		err = errors.Join(p.showReport(out, r), p.showWebhook(ctx, s, r), err)
	}
	if err != nil {
		return err
	}
	if undo {
		p.showUndo(r)
	}
	if r.Job.State.Ended() {
		return result(r.Job)
	}
	return unfinished(r.Job)
}

// showReport says what the report of a job holds.
func (p *program) showReport(out string, r service.Report) error {
	if p.json {
		if err := p.writeJSON(r.Summary); err != nil {
			return err
		}
	}
	if r.Job.Sealed && r.Job.Options.Run == "" {
		p.warnOfNothing(r.Summary.Rows.Read)
	}
	if p.quiet && !wrong(r) {
		return nil
	}
	describe(p.screen, r.Summary)
	if !p.quiet {
		describeFound(p.screen, r.Clients)
		describeLinks(p.screen, r.Summary, howToVerify(out, r.Job.State))
	}
	describeUnjudged(p.screen, r.Clients)
	describeRollbacks(p.screen, r.Summary.Rollbacks)
	printf(p.screen, "report: %s\n", out)
	return nil
}

// showWebhook says whether what is pending is followed.
func (p *program) showWebhook(ctx context.Context, s *service.Service, r service.Report) error {
	now := time.Now()
	news, err := s.Webhook(ctx, r.Job, now)
	if err == nil && !p.quiet && r.Job.Options.Run == "" {
		describeWebhook(p.screen, r.Job.Options.App, news, now)
	}
	return err
}

// wrong tells whether a report holds anything that a person must see.
func wrong(r service.Report) bool {
	s := r.Summary
	broken := slices.ContainsFunc(s.Inputs, func(in jobs.Input) bool { return in.Error != "" })
	return !s.AddsUp || !s.Rows.Clean() || broken || r.Clients.Unjudged > 0
}

// unfinished is the exit code of a report of a job that has not ended, and says how it stands.
func unfinished(job jobs.Job) error {
	code, hint := exitNotAllOK, "'sunbulk status "+job.ID+" --watch' follows it; write the report again when it has ended"
	stands := fmt.Sprintf("job %s is still %s", job.ID, job.State)
	if job.State == jobs.Paused {
		code, hint = exitPaused, "mend the cause, then 'sunbulk resume "+job.ID+"'"
		stands = fmt.Sprintf("job %s is paused: %s", job.ID, job.Reason)
	}
	if job.CanaryFailed() {
		hint = lookFirst(job)
	}
	if text := abandonment(job.Abandoned); text != "" {
		stands += ", and " + text
		hint = adoption(job)
	}
	return endWith(code, fmt.Errorf("%s; %s without an outcome yet", stands, jobs.Count(job.Tally.Unprocessed, "row")), hint)
}

// showUndo says how much of the job's work can be taken back.
func (p *program) showUndo(r service.Report) {
	if p.quiet && r.Undo.Impossible == 0 && r.Job.State.Ended() {
		return
	}
	printf(p.screen, "undo: %s in undo.csv, %s in undo_not_possible.csv\n", jobs.Count(r.Undo.Possible, "row"), group(r.Undo.Impossible))
	if !r.Job.State.Ended() {
		printf(p.screen, "warning: the job is %s: what it does from now on is not in undo.csv\n", r.Job.State)
	}
}
