package local

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/jobs"
)

// version is that of the journal's layout.
const version = 1

// Head is the first line of a journal: what the run was asked to do.
type Head struct {
	Version  int               `json:"version"` // set by Create
	Job      string            `json:"job"`
	Options  jobs.Options      `json:"options"`
	Inputs   []Input           `json:"inputs"`
	Settings map[string]string `json:"settings"`          // what else decides how rows are read, by name; no secret
	Telling  map[string]string `json:"telling,omitempty"` // those of the settings that change a row, where that is known
	Rules    int               `json:"rules,omitempty"`   // version of how rows are made of the inputs; set by Create
	Created  time.Time         `json:"created"`
	BaseURL  string            `json:"-"`              // of the API that is called; empty where it is simulated
	Mark     string            `json:"base,omitempty"` // of BaseURL, which is kept nowhere (I7); set by Create

	Given func(flag string) bool `json:"-"` // which options are asked for; nil = all. The others stay as they were
	Who   string                 `json:"-"` // asks for them, such as ann@host
}

// Input is one file of a run. Its name may change between two starts, but for an object on the network.
type Input struct {
	Name    string `json:"name"`
	Size    int64  `json:"size"`              // bytes as stored
	SHA256  string `json:"sha256"`            // of those bytes, in hex; empty for a pipe and on the network
	Version string `json:"version,omitempty"` // of an object on the network
}

// Known tells whether the input can be distinguished from others before it is read, as a pipe cannot.
func (in Input) Known() bool { return in.SHA256 != "" || in.Version != "" }

// Same tells whether nothing that is known tells the inputs apart.
func (in Input) Same(other Input) bool {
	if in.Version == "" { // a version is one of a name
		in.Name, other.Name = "", ""
	}
	return in == other
}

// Fingerprint tells the run's work from other work, as jobs.Fingerprint does; empty when an input is not known.
// Whether repeated rows are run makes no difference.
func (h Head) Fingerprint() string {
	inputs := make([]jobs.Input, len(h.Inputs))
	for i, in := range h.Inputs {
		inputs[i] = jobs.Input{Name: in.Name, Version: in.Version, SHA256: in.SHA256}
	}
	settings := map[string]string{"vars": h.Options.Vars} // of a runbook they are no setting
	if h.Telling != nil {
		maps.Copy(settings, h.Telling)
		delete(settings, "vars") // those that change a row are among them
	} else {
		maps.Copy(settings, h.Settings)
	}
	delete(settings, "allow-duplicates")
	return jobs.Fingerprint(inputs, settings)
}

func decodeHead(data []byte) (Head, error) {
	var h Head
	if err := json.Unmarshal(data, &h); err != nil {
		return Head{}, fmt.Errorf("decode head: %w", err)
	}
	if h.Version != version {
		return Head{}, fmt.Errorf("version of the journal is %d, this program knows %d", h.Version, version)
	}
	return h, jobs.CheckID(h.Job)
}

// compare returns a *ChangedError when now asks for something else than h, and another error when it asks it of
// another API, or when another release reads rows in another way.
func (h Head) compare(now Head) error {
	if err := h.sameAPI(now); err != nil {
		return err
	}
	var changed []string
	if len(h.Inputs) != len(now.Inputs) {
		changed = append(changed, fmt.Sprintf("%s given, and %d before", jobs.Count(len(now.Inputs), "input"), len(h.Inputs)))
	} else {
		for i, in := range h.Inputs {
			if !in.Same(now.Inputs[i]) {
				changed = append(changed, fmt.Sprintf("input %d is another", i+1))
			}
		}
	}
	for _, name := range differing(h.Settings, now.Settings) {
		changed = append(changed, clauses(name, h.Settings[name], now.Settings[name])...)
	}
	for _, c := range h.Options.Refuses(now.Options) {
		if _, told := h.Settings[c.Flag]; !told {
			changed = append(changed, clauses(c.Flag, c.Was, c.Is)...)
		}
	}
	if len(changed) > 0 {
		return &ChangedError{changed}
	}
	if h.Rules != input.Rules {
		return ErrOtherRules
	}
	return nil
}

// Runbook is the setting that holds a whole runbook.
const Runbook = "runbook"

// clauses say how a setting was changed: each value by itself where its flag can be repeated.
func clauses(flag, was, is string) []string {
	switch flag {
	case Runbook:
		return []string{"the runbook is another"}
	case "set", "map", "var":
	default:
		return []string{jobs.Change{Flag: flag, Was: was, Is: is}.String()}
	}
	before, after := valuesOf(was), valuesOf(is)
	var all []string
	for _, name := range differing(before, after) {
		all = append(all, jobs.Change{Flag: flag + " " + name, Was: before[name], Is: after[name]}.String())
	}
	if all == nil {
		return []string{"--" + flag + " stands in another order"}
	}
	return all
}

// valuesOf reads lines NAME=VALUE.
func valuesOf(lines string) map[string]string {
	values := map[string]string{}
	for line := range strings.Lines(lines) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		values[name] = value
	}
	return values
}

// differing returns the keys, sorted, that the maps do not share or whose values are not the same.
func differing(a, b map[string]string) []string {
	names := map[string]string{}
	maps.Copy(names, a)
	maps.Copy(names, b)
	maps.DeleteFunc(names, func(name, _ string) bool {
		before, was := a[name]
		after, is := b[name]
		return was && is && before == after
	})
	return slices.Sorted(maps.Keys(names))
}
