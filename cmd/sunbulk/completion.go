package main

import (
	"cmp"
	"context"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/jobs"
)

// completionTimeout is how long a shell waits for Redis while it completes a word.
const completionTimeout = 2 * time.Second

// complete lets shells complete what the commands below one take: ids from Redis, words of a flag, columns of a file.
func (p *program) complete(cmd *cobra.Command) {
	for _, sub := range cmd.Commands() {
		p.complete(sub)
	}
	if cmd.ValidArgsFunction == nil {
		_, takes, _ := strings.Cut(cmd.Use, " ")
		first, _, _ := strings.Cut(strings.Trim(takes, "[]"), " ")
		cmd.ValidArgsFunction = p.completeArgument(first)
	}
	words := map[string][]string{"op": jobs.OperationNames(), "log-format": {"text", "json"}, "log-level": {"debug", "info", "warn", "error"},
		"role": {"viewer", "operator", "approver", "admin"}}
	for _, o := range jobs.OptionTable() {
		if o.Choices != nil {
			words[o.Name] = o.Choices
		}
	}
	for flag, all := range words {
		offer(cmd, flag, cobra.FixedCompletions(all, cobra.ShellCompDirectiveNoFileComp))
	}
	offer(cmd, "app", p.completeFromRedis(appIDs))
	offer(cmd, "set", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return paths(""), cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
	})
	offer(cmd, "map", p.completeMap)
}

// offer completes a flag, where a command has one of that name.
func offer(cmd *cobra.Command, flag string, complete cobra.CompletionFunc) {
	if cmd.Flags().Lookup(flag) != nil || cmd.PersistentFlags().Lookup(flag) != nil {
		_ = cmd.RegisterFlagCompletionFunc(flag, complete) // fails only where it is done twice
	}
}

// lister reads from Redis what a word may be.
type lister func(context.Context, *service.Service) ([]string, error)

// completeArgument completes the first argument of a command by the name that its usage gives it, and all where that ends with ….
func (p *program) completeArgument(name string) cobra.CompletionFunc {
	listers := map[string]lister{"JOB": jobIDs, "RUN": runIDs, "ID…": jobAndRunIDs, "APP": appIDs}
	list := listers[name]
	switch {
	case strings.HasPrefix(name, "FILE"):
		return nil // of files shells know more
	case list == nil:
		return cobra.NoFileCompletions
	}
	fromRedis := p.completeFromRedis(list)
	return func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 && !strings.HasSuffix(name, "…") {
			return nil, cobra.ShellCompDirectiveDefault
		}
		return fromRedis(cmd, args, typed)
	}
}

// completeFromRedis completes a word by what the Redis of the command line has.
func (p *program) completeFromRedis(list lister) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		redis := cmd.Flags().Lookup("redis")
		if redis == nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		ctx, cancel := context.WithTimeout(p.drain, completionTimeout)
		defer cancel()
		s, _, err := service.Open(ctx, cmp.Or(redis.Value.String(), os.Getenv(twin("redis"))))
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		defer s.Close()
		all, err := list(ctx, s)
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		return all, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	}
}

// jobIDs are the latest jobs, with what is to know them by.
func jobIDs(ctx context.Context, s *service.Service) (all []string, err error) {
	page, err := s.JobsPage(ctx, service.JobsQuery{Limit: 200})
	for _, job := range page.Jobs {
		all = append(all, cobra.CompletionWithDesc(job.ID, string(job.State)+", "+group(job.Tally.Read)+" rows of "+jobs.Line(job.Options.App)))
	}
	return all, err
}

func appIDs(ctx context.Context, s *service.Service) (all []string, err error) {
	page, err := s.JobsPage(ctx, service.JobsQuery{Limit: 200})
	for _, job := range page.Jobs {
		if !slices.Contains(all, job.Options.App) {
			all = append(all, job.Options.App)
		}
	}
	return all, err
}

func runIDs(ctx context.Context, s *service.Service) (all []string, err error) {
	runs, _, err := s.Runs(ctx)
	for _, r := range runs {
		all = append(all, cobra.CompletionWithDesc(r.Run, string(r.State)+", "+jobs.Line(r.Runbook)))
	}
	return all, err
}

func jobAndRunIDs(ctx context.Context, s *service.Service) ([]string, error) {
	all, err := jobIDs(ctx, s)
	if err != nil {
		return nil, err
	}
	runs, err := runIDs(ctx, s)
	return append(all, runs...), err
}

// completeMap completes COLUMN=PATH by the columns of the first file on the command line that is on this machine.
func (p *program) completeMap(_ *cobra.Command, names []string, typed string) ([]string, cobra.ShellCompDirective) {
	const directive = cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
	if column, _, given := strings.Cut(typed, "="); given {
		return paths(column + "="), directive
	}
	names = slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		info, err := os.Stat(name)
		return err != nil || !info.Mode().IsRegular()
	})
	files, err := input.Find(p.drain, names)
	if err != nil || len(names) == 0 {
		return nil, directive
	}
	_, columns, _ := input.Columns(p.drain, files, input.Spec{})
	var all []string
	for _, c := range columns {
		all = append(all, jobs.Line(c.Name)+"=")
	}
	return all, directive
}

// paths are the paths of a row and their meanings, with = behind those that a value follows.
func paths(before string) (all []string) {
	for _, c := range jobs.Columns() {
		word := before + c.Path
		if before == "" {
			word += "="
		}
		all = append(all, cobra.CompletionWithDesc(word, c.Meaning))
	}
	return all
}
