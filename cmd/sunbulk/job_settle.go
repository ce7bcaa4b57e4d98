package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/audit"
	"github.com/sunbulk/sunbulk/internal/report"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/internal/webhook"
	"github.com/sunbulk/sunbulk/jobs"
)

func (p *program) settleCommand() *cobra.Command {
	var redis string
	cmd := &cobra.Command{
		Use:   "settle JOB|FOLDER FILE…",
		Short: "What became of a job's links, from recorded events of the vendor's webhooks",
		Long: `Settle reads payloads of the vendor's webhooks, one a line as JSON, from files or from standard input (-),
and notes what they say of the links of a job: client:add, client:update, client:remove and user:merge of version
v2, and link:match, link:success and link:failure of v1. Events may come in any order and any number of times, so
the same file may be given again. For a run without Redis give its report folder. The client of a create in doubt is taken from the event that names it, where that
fits exactly one row.

What cannot be used is skipped, and counted by its reason; the exit code is 3 when a payload could not be understood.`,
		Example: `  sunbulk settle 20261122-153012-k3f9 events.ndjson
  zcat events-*.ndjson.gz | sunbulk settle 20261122-153012-k3f9 -`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) < 2 {
				return usage("give a job id and files of events, or - for standard input", "e.g. sunbulk settle 20261122-153012-k3f9 events.ndjson")
			}
			return needJobOrFolder(cmd, args[:1])
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if isFolder(args[0]) {
				return p.settleKept(cmd.Context(), args[0], args[1:])
			}
			return p.withRedis(redis, func(ctx context.Context, s *service.Service) error {
				return p.settle(ctx, s, args[0], args[1:], args[0])
			})
		},
	}
	redisFlag(cmd.Flags(), &redis, redisMeaning)
	return cmd
}

// settle applies the events of files to a job's links. Name is how the job is named on the command line: by its id or its folder.
func (p *program) settle(ctx context.Context, s *service.Service, id string, files []string, name string) error {
	for _, file := range files { // before anything is applied
		if file == "-" {
			continue
		}
		f, err := os.Open(file)
		if err != nil {
			return cannotRun(fmt.Errorf("read events: %w", err), "check its name; nothing was applied")
		}
		f.Close()
	}
	done, err := s.Settle(ctx, id, p.payloads(files))
	if done.Changed > 0 {
		err = errors.Join(err, s.Record(ctx, asked(""), audit.Entry{What: audit.Settle, Job: id, Detail: jobs.Count(done.Changed, "link")}))
	}
	if done.Job != "" {
		if p.json {
			if err := p.writeJSON(done); err != nil {
				return err
			}
		}
		if !p.quiet {
			describeSettled(p.screen, done, name)
		}
	}
	if err != nil {
		return err
	}
	if n := done.Unread(); n > 0 {
		return endWith(exitNotAllOK, fmt.Errorf("%s could not be understood", jobs.Count(n, "payload")), "each line is a payload as the webhook sent it; the reasons are listed above")
	}
	return nil
}

// appliedSoFar is about a file that breaks off.
const appliedSoFar = "what was read before is applied; give the files again when they can be read"

// payloads yields those of all files.
func (p *program) payloads(files []string) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for _, name := range files {
			in := io.NopCloser(p.stdin)
			if name != "-" {
				f, err := os.Open(name)
				if err != nil {
					yield(nil, cannotRun(fmt.Errorf("read events: %w", err), appliedSoFar))
					return
				}
				in = f
			}
			for payload, err := range webhook.Lines(in) {
				if err != nil {
					err = cannotRun(fmt.Errorf("read events: %w", err), appliedSoFar)
				}
				if !yield(payload, err) {
					in.Close()
					return
				}
			}
			in.Close()
		}
	}
}

// describeSettled says for people what events did.
func describeSettled(w io.Writer, s service.Settled, name string) {
	printf(w, "%s of %s: %s applied, %s said nothing new, %s about other clients\n", jobs.Count(s.Events, "event"), jobs.Count(s.Payloads, "payload"),
		group(s.Changed), group(s.Known), group(s.Foreign))
	for _, line := range []struct {
		n    int64
		text string
	}{
		{s.Adopted, "creates in doubt are ok: an event names their client"},
		{s.Renamed, "users of the job were merged into others: list those to see their clients"},
		{s.Taken, "clients of users outside the job went to other users meanwhile"},
		{s.Merged, "users outside the job were merged into users of the job meanwhile"},
	} {
		if line.n > 0 {
			printf(w, "%s %s\n", group(line.n), line.text)
		}
	}
	var reasons []webhook.Skip
	for reason := range s.Skipped {
		reasons = append(reasons, reason)
	}
	slices.Sort(reasons)
	for _, reason := range reasons {
		printf(w, "skipped: %s %s\n", group(s.Skipped[reason]), reason)
	}
	describeLinks(w, report.Summary{Links: s.Links}, howToFollow(name))
}
