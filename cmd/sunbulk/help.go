package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sunbulk/sunbulk/jobs"
)

// commandGroups are the parts of the list of commands, in their order.
var commandGroups = []struct{ title, commands string }{
	{"Run rows", "plan run enqueue worker convert"},
	{"Follow jobs", "jobs status why report audit"},
	{"Control jobs", "pause resume cancel rate retry forget"},
	{"Follow links", "verify settle receive webhook"},
	{"Automate", "runbook schedule console"},
}

// flagGroups are the parts of the list of a command's flags, in their order. Options of jobs are in the group of their topic.
var flagGroups = []struct{ title, flags string }{
	{string(jobs.InputTopic), "op map set where var now allow-duplicates delimiter encoding sheet phone-country"},
	{"API and Redis", "app base-url credentials simulate redis replicas concurrency"},
	{string(jobs.PaceTopic), ""},
	{string(jobs.FailureTopic), ""},
	{"Notices and metrics", "notify notify-events notify-format notify-stalled-after metrics-addr"},
}

const fewFlags = 12 // they need no groups

// listFlags writes a command's own flags, in groups where they are many.
func listFlags(cmd *cobra.Command, width int) string {
	own := cmd.LocalNonPersistentFlags()
	if cmd == cmd.Root() {
		own = cmd.LocalFlags()
	}
	var all []*pflag.Flag
	own.VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			all = append(all, f)
		}
	})
	var out strings.Builder
	part := func(title string, in func(*pflag.Flag) bool) {
		set := pflag.NewFlagSet("", pflag.ContinueOnError)
		all = slices.DeleteFunc(all, func(f *pflag.Flag) bool {
			if in(f) {
				set.AddFlag(f)
				return true
			}
			return false
		})
		if set.HasFlags() {
			out.WriteString("\n" + title + ":\n" + set.FlagUsagesWrapped(width))
		}
	}
	if len(all) > fewFlags {
		for _, g := range flagGroups {
			names := strings.Fields(g.flags)
			part(g.title, func(f *pflag.Flag) bool {
				o, isOption := jobs.FindOption(f.Name)
				return slices.Contains(names, f.Name) || isOption && string(o.Topic) == g.title
			})
		}
	}
	title := "Flags"
	if out.Len() > 0 {
		title = "Other flags"
	}
	part(title, func(*pflag.Flag) bool { return true })
	return out.String()
}

// arrange gives the commands below root their groups.
func arrange(root *cobra.Command) {
	for _, g := range commandGroups {
		root.AddGroup(&cobra.Group{ID: g.title, Title: g.title})
		for _, cmd := range root.Commands() {
			if slices.Contains(strings.Fields(g.commands), cmd.Name()) {
				cmd.GroupID = g.title
			}
		}
	}
}

// writeHelp writes what --help shows: what a command does, examples, how it is called, and what it takes, wrapped to a width; 0 = not.
func writeHelp(out io.Writer, cmd *cobra.Command, width int) {
	fmt.Fprintf(out, "%s\n", strings.TrimSpace(cmp.Or(cmd.Long, cmd.Short)))
	if cmd.HasExample() {
		fmt.Fprintf(out, "\nExamples:\n%s\n", strings.TrimRight(cmd.Example, " \n"))
	}
	fmt.Fprint(out, "\nUsage:\n")
	if cmd.Runnable() {
		fmt.Fprintf(out, "  %s\n", cmd.UseLine())
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(out, "  %s COMMAND\n", cmd.CommandPath())
	}
	rest := "Commands"
	for _, g := range cmd.Groups() {
		writeCommands(out, cmd, g.Title, g.ID)
		rest = "Other commands"
	}
	writeCommands(out, cmd, rest, "")
	fmt.Fprint(out, listFlags(cmd, width))
	if cmd.HasAvailableInheritedFlags() {
		fmt.Fprintf(out, "\nFlags of every command:\n%s", cmd.InheritedFlags().FlagUsagesWrapped(width))
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(out, "\n'%s COMMAND --help' shows more of one.\n", cmd.CommandPath())
	}
}

// writeCommands writes the commands of a group, a line each.
func writeCommands(out io.Writer, of *cobra.Command, title, group string) {
	head := "\n" + title + ":\n"
	for _, cmd := range of.Commands() {
		if cmd.GroupID == group && cmd.IsAvailableCommand() {
			fmt.Fprintf(out, "%s  %-*s %s\n", head, cmd.NamePadding(), cmd.Name(), cmd.Short)
			head = ""
		}
	}
}
