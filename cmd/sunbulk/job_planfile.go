package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/plan"
	"github.com/sunbulk/sunbulk/jobs"
)

// planFile is what plan --out keeps, for --plan of run and enqueue.
type planFile struct {
	Version int                 `json:"version"`
	Sunbulk string              `json:"sunbulk"` // version of the program
	Created time.Time           `json:"created"`
	Flags   map[string][]string `json:"flags"` // of the job, by name: one value, or those of a flag that can be repeated
	Plan    plan.Plan           `json:"plan"`
}

const (
	planVersion = 1
	maxPlanFile = 16 << 20 // bytes; a thousand input files take less than one MiB
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
	file, err := readPlan(out)
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
	if !file.sameFiles(inputs) {
		return usage(fmt.Sprintf("--out %s holds the plan of other files", out), "give another name, or move it away")
	}
	return nil
}

// sameFiles tells whether the plan is of files of the same names, or with the same content.
func (file planFile) sameFiles(inputs []jobs.Input) bool {
	return slices.EqualFunc(file.Plan.Inputs, inputs, func(a, b jobs.Input) bool { return a.Name == b.Name || a.Identity() == b.Identity() })
}

func refusePipes(files *input.Files) error {
	if name := files.Pipe(); name != "" {
		return usage(name+" is a pipe: what it will give cannot be planned", "write it to a file, and give that")
	}
	return nil
}

// keepPlan writes the plan beside its place and renames it.
func (p *program) keepPlan(out string, flags *pflag.FlagSet, opt jobs.Options, made plan.Plan) error {
	file := planFile{Version: planVersion, Sunbulk: version(), Created: time.Now().UTC().Truncate(time.Second), Flags: map[string][]string{}, Plan: made}
	jobFlagSet().VisitAll(func(f *pflag.Flag) { file.Flags[f.Name] = values(flags.Lookup(f.Name)) })
	file.Flags["app"], file.Flags["timezone"] = []string{opt.App}, []string{opt.Timezone} // as they were completed
	file.Flags["now"] = []string{opt.Now}
	data, err := json.MarshalIndent(file, "", "  ")
	if err != nil {
		return fmt.Errorf("encode plan: %w", err)
	}
	switch err := replaceFile(out, append(data, '\n')); {
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

// replaceFile writes a file whole or not at all. What was not there before is not replaced.
func replaceFile(name string, data []byte) error {
	_, before := os.Lstat(name)
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil && errors.Is(before, fs.ErrNotExist) {
		if err = os.Link(f.Name(), name); err == nil || errors.Is(err, fs.ErrExist) {
			return errors.Join(err, os.Remove(f.Name()))
		}
		err = nil // this file system has no links
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

func readPlan(name string) (file planFile, err error) {
	f, err := os.Open(name)
	if err != nil {
		return file, fmt.Errorf("open plan: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxPlanFile+1))
	if err != nil {
		return file, fmt.Errorf("read plan: %w", err)
	}
	noPlan := func(why string) error { return usage(name+" is no plan: "+why, "'sunbulk plan --out FILE' makes one") }
	var head struct{ Version int }
	if len(data) > maxPlanFile || json.Unmarshal(data, &head) != nil || head.Version == 0 {
		return file, noPlan("it is not the JSON that plan writes")
	}
	if head.Version != planVersion {
		return file, noPlan(fmt.Sprintf("it has version %d, and this sunbulk knows %d", head.Version, planVersion))
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&file); err != nil {
		return file, noPlan(err.Error())
	}
	return file, nil
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
	file, err := readPlan(name)
	if err != nil {
		return err
	}
	others, err := file.apply(flags)
	if err != nil {
		return usage(name+": "+err.Error(), "'sunbulk plan --out FILE' makes a plan; one without a time zone needs --timezone")
	}
	inputs, err := files.Digest()
	if err != nil {
		return err
	}
	if others = append(others, file.otherInputs(inputs)...); len(others) > 0 {
		return usage("this is not what "+name+" planned: "+strings.Join(others, "; "), "give what was planned, or plan anew")
	}
	if now := version(); file.Sunbulk != now {
		printf(p.screen, "note: sunbulk %q made the plan, and this is %q: rows may be judged differently\n", file.Sunbulk, now)
	}
	return nil
}

// apply sets the job's flags that are not given, and returns those that are given otherwise.
func (file planFile) apply(flags *pflag.FlagSet) (others []string, err error) {
	known := jobFlagSet()
	for name := range file.Flags {
		if known.Lookup(name) == nil {
			return nil, fmt.Errorf("this sunbulk has no flag --%s", name)
		}
	}
	if file.lacksZone() && !flags.Changed("timezone") {
		return nil, errors.New("it has a --window or a --finish-by without a time zone, so that it depends on the machine")
	}
	known.VisitAll(func(standard *pflag.Flag) {
		planned, ok := file.Flags[standard.Name]
		if standard.Name == "timezone" && file.lacksZone() {
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

// lacksZone tells whether the plan's times are those of no zone. An earlier sunbulk made such plans.
func (file planFile) lacksZone() bool {
	has := func(flag string) bool { return strings.Join(file.Flags[flag], "") != "" }
	return (has("window") || has("finish-by")) && !has("timezone")
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

// otherInputs says which inputs are not those that were planned. Names of files make no difference.
func (file planFile) otherInputs(inputs []jobs.Input) (others []string) {
	planned := file.Plan.Inputs
	if len(inputs) != len(planned) {
		return []string{fmt.Sprintf("%s given, and %d planned", jobs.Count(len(inputs), "input"), len(planned))}
	}
	for i, in := range inputs {
		if in.Identity() != planned[i].Identity() {
			others = append(others, fmt.Sprintf("%s has %s, and %s had %s", in.Name, describeInput(in), planned[i].Name, describeInput(planned[i])))
		}
	}
	return others
}

// describeInput names what tells an input from others.
func describeInput(in jobs.Input) string {
	if in.Version != "" {
		return "version " + in.Version
	}
	return fmt.Sprintf("SHA-256 %.12s…", in.SHA256)
}
