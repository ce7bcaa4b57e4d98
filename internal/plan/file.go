package plan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/sunbulk/sunbulk/internal/wholefile"
	"github.com/sunbulk/sunbulk/jobs"
)

// File is what 'plan --out' keeps, for --plan of run and enqueue.
type File struct {
	Version int                 `json:"version"`
	Sunbulk string              `json:"sunbulk"` // version of the program
	Created time.Time           `json:"created"`
	Flags   map[string][]string `json:"flags"` // of the job, by name: one value, or those of a flag that can be repeated
	Plan    Plan                `json:"plan"`
}

const (
	fileVersion = 1
	maxFile     = 16 << 20 // bytes; a thousand input files take less than one MiB
)

// NewFile makes one of a plan and the job's flags.
func NewFile(sunbulk string, flags map[string][]string, made Plan) File {
	return File{Version: fileVersion, Sunbulk: sunbulk, Created: time.Now().UTC().Truncate(time.Second), Flags: flags, Plan: made}
}

// Write keeps the plan under a name, whole or not at all. Its error is fs.ErrExist where another file has come there meanwhile.
func (file File) Write(name string) error {
	data, err := json.MarshalIndent(file, "", "  ")
	if err != nil {
		return fmt.Errorf("encode plan: %w", err)
	}
	put := wholefile.Replace
	if _, err := os.Lstat(name); errors.Is(err, fs.ErrNotExist) {
		put = wholefile.Create
	}
	return put(name, func(w io.Writer) error {
		_, err := w.Write(append(data, '\n'))
		return err
	})
}

// NoPlan says that a file holds no plan, and why.
type NoPlan struct{ Name, Why string }

func (e *NoPlan) Error() string { return e.Name + " is no plan: " + e.Why }

// ReadFile reads a plan that Write has kept. Its errors are *NoPlan, and those of reading the file.
func ReadFile(name string) (file File, err error) {
	f, err := os.Open(name)
	if err != nil {
		return file, fmt.Errorf("open plan: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return file, fmt.Errorf("read plan: %w", err)
	}
	noPlan := func(why string) error { return &NoPlan{name, why} }
	var head struct{ Version int }
	if len(data) > maxFile || json.Unmarshal(data, &head) != nil || head.Version == 0 {
		return file, noPlan("it is not the JSON that plan writes")
	}
	if head.Version != fileVersion {
		return file, noPlan(fmt.Sprintf("it has version %d, and this sunbulk knows %d", head.Version, fileVersion))
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&file); err != nil {
		return file, noPlan(err.Error())
	}
	return file, nil
}

// SameFiles tells whether the plan was made of files with the same names, or with the same content.
func (file File) SameFiles(inputs []jobs.Input) bool {
	return slices.EqualFunc(file.Plan.Inputs, inputs, func(a, b jobs.Input) bool { return a.Name == b.Name || a.Identity() == b.Identity() })
}

// LacksZone tells whether the plan's times are those of no zone. An earlier sunbulk made such plans.
func (file File) LacksZone() bool {
	has := func(flag string) bool { return strings.Join(file.Flags[flag], "") != "" }
	return (has("window") || has("finish-by")) && !has("timezone")
}

// OtherInputs says which inputs are not those that were planned. Names of files make no difference.
func (file File) OtherInputs(inputs []jobs.Input) (others []string) {
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
