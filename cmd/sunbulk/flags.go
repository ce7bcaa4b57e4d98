package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sunbulk/sunbulk/internal/spelling"
	"github.com/sunbulk/sunbulk/jobs"
)

const (
	// commandLineOnly annotates a flag without an environment twin.
	commandLineOnly = "command line only"
	// ofEnvironment annotates a flag that was set from its environment twin.
	ofEnvironment = "of the environment"
)

// twinPrefix begins the names of all environment variables that are read.
const twinPrefix = "SUNBULK_"

func twin(flag string) string {
	return twinPrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// fromEnvironment sets every flag that the command line left alone from its environment twin. An
// empty variable is one that is not set.
func fromEnvironment(flags *pflag.FlagSet) error {
	var errs []error
	flags.VisitAll(func(f *pflag.Flag) {
		value := os.Getenv(twin(f.Name))
		_, single := f.Annotations[commandLineOnly]
		if value == "" || f.Changed || single || f.Name == "help" || f.Name == "version" {
			return
		}
		if err := flags.Set(f.Name, value); err != nil {
			errs = append(errs, badValue(twin(f.Name), f, value, err))
			return
		}
		if f.Annotations == nil {
			f.Annotations = map[string][]string{}
		}
		f.Annotations[ofEnvironment] = []string{twin(f.Name)}
	})
	return errors.Join(errs...)
}

// slipsInEnvironment says which variables look like the twin of a flag, or like a secret, and are none. It never shows
// a value: that may be a secret under a wrong name.
func (p *program) slipsInEnvironment(root *cobra.Command) {
	known := []string{"SUNBULK_KEY_ID", "SUNBULK_KEY_SECRET", "SUNBULK_TOKEN", "SUNBULK_NOTIFY_SECRET", "SUNBULK_WEBHOOK_SECRET", "SUNBULK_OIDC_CLIENT_SECRET", "SUNBULK_ZENDESK_EMAIL", "SUNBULK_ZENDESK_TOKEN"}
	const shared = len(twinPrefix) - 1 // what all names begin with would make short ones look alike
	for commands := []*cobra.Command{root}; len(commands) > 0; commands = commands[1:] {
		note := func(f *pflag.Flag) { known = append(known, twin(f.Name)) }
		commands[0].PersistentFlags().VisitAll(note)
		commands[0].Flags().VisitAll(note)
		commands = append(commands, commands[0].Commands()...)
	}
	for i := range known {
		known[i] = known[i][shared:]
	}
	for _, variable := range slices.Sorted(slices.Values(os.Environ())) {
		name, _, _ := strings.Cut(variable, "=")
		if !strings.HasPrefix(name, twinPrefix) || slices.Contains(known, name[shared:]) {
			continue
		}
		if near := spelling.Nearest(name[shared:], known); near != "" {
			printf(p.screen, "warning: %s is not read; did you mean %s?\n", name, twinPrefix[:shared]+near)
		}
	}
}

// flagError says what is wrong with a flag of the command line.
func flagError(cmd *cobra.Command, err error) error {
	if e, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		return badValue("--"+e.GetFlag().Name, e.GetFlag(), e.GetValue(), err)
	}
	if e, ok := errors.AsType[*pflag.NotExistError](err); ok {
		var known []string // with their dashes, by whose length short ones are found, too
		cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, "--"+f.Name) })
		name := e.GetSpecifiedName()
		if letters := e.GetSpecifiedShortnames(); letters != "" {
			name = letters // -rate is read as -r -a -t -e
		}
		if near := spelling.Nearest("--"+name, known); near != "" {
			return usage(err.Error(), fmt.Sprintf("did you mean %s? see '%s --help'", near, cmd.CommandPath()))
		}
	}
	return usage(err.Error(), "")
}

// badValue says what a flag takes, in place of what it was given under a name.
func badValue(name string, f *pflag.Flag, value string, err error) error {
	var wanted, hint string
	switch f.Value.Type() {
	case "float64":
		wanted = "not a number"
	case "int":
		wanted = "not a whole number"
	case "uint64":
		wanted = "not a whole number from 0 up"
	case "bool":
		wanted = "neither true nor false"
	case "duration":
		wanted, hint = "not a time such as 30s", "a time has units: ms, s, m, h"
		if _, err := strconv.ParseFloat(value, 64); err == nil {
			hint = "did you mean " + value + "s? " + hint
		}
	default: // a value of our own says it itself
		if e, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
			err = e.Unwrap()
		}
		if e, ok := errors.AsType[*jobs.OptionError](err); ok {
			return usage(name+": "+e.Cause, e.Hint)
		}
		return usage(fmt.Sprintf("%s: %v", name, err), "")
	}
	return usage(fmt.Sprintf("%s: %q is %s", name, value, wanted), hint)
}
