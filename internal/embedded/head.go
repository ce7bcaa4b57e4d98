package embedded

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

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
	Settings map[string]string `json:"settings"` // what else decides how rows are read, by name; no secret
	Created  time.Time         `json:"created"`
	BaseURL  string            `json:"-"`              // of the API that is called; empty where it is simulated
	Mark     string            `json:"base,omitempty"` // of BaseURL, which is kept nowhere (I7); set by Create
}

// Input is one file of a run. Its name may change between two starts, but for an object on the network.
type Input struct {
	Name    string `json:"name"`
	Size    int64  `json:"size"`              // bytes as stored
	SHA256  string `json:"sha256"`            // of those bytes, in hex; empty for a pipe and on the network
	Version string `json:"version,omitempty"` // of an object on the network
}

// Known tells whether the input can be told from others before it is read, as a pipe cannot.
func (in Input) Known() bool { return in.SHA256 != "" || in.Version != "" }

// Same tells whether nothing that is known tells the inputs apart.
func (in Input) Same(other Input) bool {
	if in.Version == "" { // a version is one of a name
		in.Name, other.Name = "", ""
	}
	return in == other
}

// ChangedError says that a folder holds another run than the one that is started.
type ChangedError struct {
	Changed []string // such as "option rate", "input 2", "setting op"; names only
}

func (e *ChangedError) Error() string {
	return "the run in the folder was started with a different " + strings.Join(e.Changed, ", ")
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
// another API.
func (h Head) compare(now Head) error {
	if err := h.sameAPI(now); err != nil {
		return err
	}
	changed, err := changedOptions(h.Options, now.Options)
	if err != nil {
		return err
	}
	if len(h.Inputs) != len(now.Inputs) {
		changed = append(changed, "number of inputs")
	} else {
		for i, in := range h.Inputs {
			if !in.Same(now.Inputs[i]) {
				changed = append(changed, fmt.Sprintf("input %d", i+1))
			}
		}
	}
	for _, name := range differing(h.Settings, now.Settings, func(a, b string) bool { return a == b }) {
		changed = append(changed, "setting "+name)
	}
	if len(changed) > 0 {
		return &ChangedError{changed}
	}
	return nil
}

// changedOptions names the options that differ as they are named in JSON.
func changedOptions(a, b jobs.Options) ([]string, error) {
	fields := func(o jobs.Options) (m map[string]json.RawMessage, err error) {
		data, err := json.Marshal(o)
		if err != nil {
			return nil, fmt.Errorf("encode options: %w", err)
		}
		return m, json.Unmarshal(data, &m)
	}
	before, err := fields(a)
	if err != nil {
		return nil, err
	}
	after, err := fields(b)
	if err != nil {
		return nil, err
	}
	var changed []string
	for _, name := range differing(before, after, func(a, b json.RawMessage) bool { return bytes.Equal(a, b) }) {
		changed = append(changed, "option "+name)
	}
	return changed, nil
}

// differing returns the keys, sorted, that the maps do not share or whose values are not the same.
func differing[V any](a, b map[string]V, same func(V, V) bool) []string {
	names := map[string]bool{}
	for name := range a {
		names[name] = true
	}
	for name := range b {
		names[name] = true
	}
	maps.DeleteFunc(names, func(name string, _ bool) bool {
		before, was := a[name]
		after, is := b[name]
		return was && is && same(before, after)
	})
	return slices.Sorted(maps.Keys(names))
}
