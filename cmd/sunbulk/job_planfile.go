package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/plan"
	"github.com/sunbulk/sunbulk/jobs"
)

func planFlag(f *pflag.FlagSet) {
	f.String("plan", "", "do only what 'sunbulk plan --out' kept in this file; flags that are not given are taken from it")
}

// jobFlagSet returns the flags that make a job, at their defaults.
func jobFlagSet() *pflag.FlagSet {
	f := pflag.NewFlagSet("job", pflag.ContinueOnError)
	new(jobFlags).register(f)
	return f
}

// values returns the value of a flag, or the values of one that can be repeated.
func values(f *pflag.Flag) []string {
	if list, ok := f.Value.(pflag.SliceValue); ok {
		return append([]string{}, list.GetSlice()...)
	}
	return []string{f.Value.String()}
}

// refusePlanFile refuses to keep a plan of pipes, and to write over what is no plan of the same files.
func refusePlanFile(out string, files *input.Files) error {
	if out == "-" {
		return usage("--out takes the name of a file", "--json writes the plan's numbers on stdout")
	}
	switch info, err := os.Lstat(out); {
	case errors.Is(err, fs.ErrNotExist):
		return refusePipes(files)
	case err == nil && info.Mode()&fs.ModeSymlink != 0:
		return usage(fmt.Sprintf("--out %s is a symbolic link", out), "give another name")
	case err == nil && !info.Mode().IsRegular():
		return usage(fmt.Sprintf("--out %s is there, and is no plan", out), "give another name")
	}
	file, err := plan.ReadFile(out)
	if err != nil {
		return usage(fmt.Sprintf("--out %s is there, and is no plan", out), "give another name")
	}
	if err := refusePipes(files); err != nil {
		return err
	}
	inputs, err := files.Digest()
	if err != nil {
		return err
	}
	if !file.SameFiles(inputs) {
		return usage(fmt.Sprintf("--out %s holds the plan of other files", out), "give another name, or move it away")
	}
	return nil
}

func refusePipes(files *input.Files) error {
	if name := files.Pipe(); name != "" {
		return usage(name+" is a pipe: what it will give cannot be planned", "write it to a file, and give that")
	}
	return nil
}

// keepPlan writes the plan beside its place and renames it.
func (p *program) keepPlan(out string, flags *pflag.FlagSet, opt jobs.Options, made plan.Plan) error {
	kept := map[string][]string{}
	jobFlagSet().VisitAll(func(f *pflag.Flag) { kept[f.Name] = values(flags.Lookup(f.Name)) })
	kept["app"], kept["timezone"], kept["now"] = []string{opt.App}, []string{opt.Timezone}, []string{opt.Now} // as they were completed
	switch err := plan.NewFile(version(), kept, made).Write(out); {
	case errors.Is(err, fs.ErrExist):
		return usage(fmt.Sprintf("--out %s has come into being meanwhile", out), "give another name")
	case err != nil:
		return cannotRun(fmt.Errorf("write plan: %w", err), "check --out and the space on the disk")
	}
	if !p.quiet {
		printf(p.screen, "plan: %s\n", out)
	}
	return nil
}

// followPlan holds a command to the plan that its --plan names: to its input and its flags, of which
// those that are not given are taken from the plan.
func (p *program) followPlan(flags *pflag.FlagSet, files *input.Files) error {
	name, err := flags.GetString("plan")
	if err != nil || name == "" {
		return err
	}
	if err := refusePipes(files); err != nil {
		return err
	}
	file, err := plan.ReadFile(name)
	if err != nil {
		return err
	}
	others, err := applyPlan(file, flags)
	if err != nil {
		return usage(name+": "+err.Error(), "'sunbulk plan --out FILE' makes a plan; one without a time zone needs --timezone")
	}
	inputs, err := files.Digest()
	if err != nil {
		return err
	}
	if others = append(others, file.OtherInputs(inputs)...); len(others) > 0 {
		return usage("this is not what "+name+" planned: "+strings.Join(others, "; "), "give what was planned, or plan again")
	}
	if now := version(); file.Sunbulk != now {
		printf(p.screen, "note: sunbulk %q made the plan, and this is %q: rows may be judged differently\n", file.Sunbulk, now)
	}
	return nil
}

// applyPlan sets the job's flags that are not given, and returns those that are given otherwise.
func applyPlan(file plan.File, flags *pflag.FlagSet) (others []string, err error) {
	known := jobFlagSet()
	for name := range file.Flags {
		if known.Lookup(name) == nil {
			return nil, fmt.Errorf("this sunbulk has no flag --%s", name)
		}
	}
	if file.LacksZone() && !flags.Changed("timezone") {
		return nil, errors.New("it has a --window or a --finish-by without a time zone, so that it depends on the machine")
	}
	known.VisitAll(func(standard *pflag.Flag) {
		planned, ok := file.Flags[standard.Name]
		if standard.Name == "timezone" && file.LacksZone() {
			return // the one that is given
		}
		if !ok {
			planned = values(standard)
		}
		f := flags.Lookup(standard.Name)
		if !f.Changed {
			err = errors.Join(err, set(f, planned))
		} else if given := values(f); !slices.Equal(given, planned) {
			others = append(others, fmt.Sprintf("--%s is %q and was %q", f.Name, strings.Join(given, " "), strings.Join(planned, " ")))
		}
	})
	return others, err
}

func set(f *pflag.Flag, to []string) error {
	if list, ok := f.Value.(pflag.SliceValue); ok {
		return list.Replace(to)
	}
	if len(to) != 1 {
		return fmt.Errorf("--%s has %s", f.Name, jobs.Count(len(to), "value"))
	}
	if err := f.Value.Set(to[0]); err != nil {
		return fmt.Errorf("--%s: %w", f.Name, err)
	}
	return nil
}
