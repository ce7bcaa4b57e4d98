package runbook

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"github.com/sunbulk/sunbulk/jobs"
)

// object is a part of the schema that describes a mapping.
type object struct {
	Properties  map[string]json.RawMessage
	Definitions map[string]object
	OneOf       []object
}

func TestSchemaHasTheKeysOfTheTypes(t *testing.T) {
	var root object
	if err := json.Unmarshal(Schema(), &root); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		of     any
		schema object
	}{
		"runbook":  {Runbook{}, root},
		"step":     {Step{}, root.Definitions["step"]},
		"canary":   {Canary{}, root.Definitions["canary"].OneOf[1]},
		"caps":     {Caps{}, root.Definitions["caps"]},
		"schedule": {Schedule{}, root.Definitions["schedule"]},
	} {
		if diff := cmp.Diff(keys(reflect.TypeOf(tt.of)), slices.Sorted(maps.Keys(tt.schema.Properties))); diff != "" {
			t.Errorf("%s (-type +schema):\n%s", name, diff)
		}
	}
}

// keys are the names of a type's fields in JSON.
func keys(of reflect.Type) []string {
	var all []string
	for _, f := range reflect.VisibleFields(of) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("runbook.json", document); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("runbook.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSchemaAcceptsRunbooks(t *testing.T) {
	schema := compileSchema(t)
	files, err := filepath.Glob("../../testdata/runbooks/*.yaml")
	if err != nil || len(files) < 4 {
		t.Fatal(files, err)
	}
	for _, file := range append(files, "testdata/full.yaml") {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(plain(t, data)); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		r, err := Parse(file, data)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(plain(t, text)); err != nil {
			t.Errorf("JSON of %s: %v", file, err)
		}
	}
}

func TestSchemaHasTheWordsOfParse(t *testing.T) {
	type enum struct{ Enum []string }
	var words struct {
		Properties  struct{ Notify struct{ Items enum } }
		Definitions struct {
			Step     struct{ Properties struct{ Op enum } }
			Schedule struct{ Properties struct{ Overlap enum } }
		}
	}
	if err := json.Unmarshal(Schema(), &words); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct{ got, want []string }{
		"notify":  {words.Properties.Notify.Items.Enum, Events()},
		"op":      {words.Definitions.Step.Properties.Op.Enum, jobs.OperationNames()},
		"overlap": {words.Definitions.Schedule.Properties.Overlap.Enum, overlaps},
	} {
		if diff := cmp.Diff(tt.want, tt.got); diff != "" {
			t.Errorf("%s (-Parse +schema):\n%s", name, diff)
		}
	}
}

// What an editor marks is refused by Parse as well.
func TestSchemaRefusesWhatParseRefuses(t *testing.T) {
	schema := compileSchema(t)
	for _, text := range []string{
		"naem: x\nsteps: [{op: list}]", "name: x", "name: a b\nsteps: [{op: list}]", "name: x\nsteps: []", "name: x\nsteps: [{name: a}]", "rate: fast" + steps, "batch: 0" + steps,
		"name: x\nsteps: [{op: ensur}]", "max_failures: few" + steps, "timeout: 90" + steps, "caps: {max_removes: 0}" + steps, "notify: [finishd]" + steps, "schedule: {paused: true}" + steps,
		"schedule: {cron: 0 1 * * *, overlap: never}" + steps, "schedule: {cron: 0 1 * * *, exclude: [tomorrow]}" + steps, "canary: {row: 5}" + steps, "input: []" + steps, "vars: {a-b: 1}" + steps,
	} {
		if err := schema.Validate(plain(t, []byte(text))); err == nil {
			t.Errorf("the schema accepts:\n%s", text)
		}
		if _, err := Parse("x.yaml", []byte(text)); err == nil {
			t.Errorf("Parse accepts:\n%s", text)
		}
	}
}

// plain returns YAML as an editor sees it: dates are texts.
func plain(t *testing.T, data []byte) any {
	t.Helper()
	var n yaml.Node
	if err := yaml.Load(data, &n); err != nil {
		t.Fatal(err)
	}
	return plainNode(t, n.Content[0])
}

func plainNode(t *testing.T, n *yaml.Node) any {
	t.Helper()
	switch {
	case n.Kind == yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i < len(n.Content); i += 2 {
			m[n.Content[i].Value] = plainNode(t, n.Content[i+1])
		}
		return m
	case n.Kind == yaml.SequenceNode:
		list := []any{}
		for _, c := range n.Content {
			list = append(list, plainNode(t, c))
		}
		return list
	case n.ShortTag() == "!!str" || n.ShortTag() == "!!timestamp":
		return n.Value
	}
	var v any
	if err := n.Load(&v); err != nil {
		t.Fatal(err)
	}
	return v
}
