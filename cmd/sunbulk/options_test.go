package main

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/sunbulk/sunbulk/internal/report"
	"github.com/sunbulk/sunbulk/internal/runbook"
	"github.com/sunbulk/sunbulk/jobs"
)

// optionSample returns a text that the option takes and that is not its default.
func optionSample(o jobs.Option) string {
	switch standard := jobs.Defaults(); {
	case o.Choices != nil:
		return o.Choices[(slices.Index(o.Choices, o.Text(&standard))+1)%len(o.Choices)]
	case o.Type == jobs.TimeOption:
		return "7s"
	case o.Type != jobs.TextOption:
		return "7"
	}
	return map[string]string{"max-failures": "7", "reserve": "7%", "finish-by": "07:00", "window": "07:00-08:00", "timezone": "Europe/Madrid"}[o.Name]
}

// An option that is in the table is known everywhere: what fails says where it is not.
func TestEveryOptionIsKnownEverywhere(t *testing.T) {
	rooms := []struct {
		name string
		ask  func(t *testing.T, o jobs.Option, sample string)
	}{
		{"jobs", askOptionTable}, {"help", askOptionHelp}, {"runbook", askOptionRunbook}, {"schema", askOptionSchema}, {"report", askOptionReport}, {"documents", askOptionDocuments},
	}
	for _, o := range jobs.OptionTable() {
		for _, room := range rooms {
			t.Run(o.Name+" "+room.name, func(t *testing.T) {
				if found, ok := jobs.FindOption(o.Name); !ok || found.Name != o.Name {
					t.Fatal("FindOption does not find it")
				}
				room.ask(t, o, optionSample(o))
			})
		}
	}
}

func askOptionTable(t *testing.T, o jobs.Option, sample string) {
	if o.Help == "" {
		t.Error("its entry lacks a Help")
	}
	if text, wrong := o.Read(sample); wrong != nil || text != sample {
		t.Errorf("Read(%q) returns %q, %v", sample, text, wrong)
	}
	before, given := jobs.Defaults(), jobs.Defaults()
	if err := o.Set(&given, sample); err != nil {
		t.Fatal(err)
	}
	if refused := before.Refuses(given); len(refused) == 1 != o.Fixed {
		t.Errorf("a job that goes on refuses %v, and Fixed is %v", refused, o.Fixed)
	}
}

func askOptionHelp(t *testing.T, o jobs.Option, _ string) {
	for _, name := range []string{"run", "plan", "enqueue"} {
		if out, _ := command(t, exitOK, name, "--help"); !strings.Contains(out, " --"+o.Name+" ") || !strings.Contains(out, o.Help) {
			t.Errorf("help of %s does not say what --%s is", name, o.Name)
		}
	}
}

// keyOf returns the name of the option's key in a runbook and what it has there.
func keyOf(o jobs.Option, sample string) (key, value string) {
	if key, part, nested := strings.Cut(o.Key(), "."); nested {
		return key, "{rows: 3, " + part + ": " + sample + "}"
	}
	return o.Key(), sample
}

func askOptionRunbook(t *testing.T, o jobs.Option, sample string) {
	key, value := keyOf(o, sample)
	top, step := "", ""
	switch o.Scope {
	case jobs.NotInRunbook:
		return
	case jobs.ForEachStep:
		step = ", " + key + ": " + value
	default:
		top = key + ": " + value + "\n"
	}
	top += map[string]string{"timezone": "window: 07:00-08:00\n", "window": "timezone: UTC\n"}[o.Name]
	book, err := runbook.Parse("book.yaml", []byte("name: book\napp: demo\n"+top+"steps: [{op: list"+step+"}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := book.Text(true)
	if err != nil {
		t.Fatal(err)
	}
	if book, err = runbook.Decode("stored", text); err != nil { // as a worker reads it
		t.Fatal(err)
	}
	opt, err := book.Options(0)
	if got := o.Text(&opt); err != nil || got != sample {
		t.Errorf("a runbook with %s%s has the option %q, %v", top, step, got, err)
	}
}

func askOptionSchema(t *testing.T, o jobs.Option, _ string) {
	type property struct {
		Ref              string `json:"$ref"`
		Description      string
		Default          any
		Enum             []string
		Minimum, Maximum float64
		OneOf            []struct{ Properties map[string]property }
	}
	var schema struct {
		Properties  map[string]property
		Definitions map[string]struct {
			property
			Properties map[string]property
			OneOf      []struct {
				Minimum, Maximum float64
				Properties       map[string]property
			}
		}
	}
	if err := json.Unmarshal(runbook.Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	key, part, nested := strings.Cut(o.Key(), ".")
	top, has := schema.Properties[key]
	_, ofStep := schema.Definitions["step"].Properties[key]
	if has != (o.Scope != jobs.NotInRunbook) || ofStep != (o.Scope == jobs.ForEachStep) {
		t.Fatalf("internal/runbook/runbook.schema.json has %s at the top: %v, in a step: %v", key, has, ofStep)
	}
	definition := schema.Definitions[strings.TrimPrefix(top.Ref, "#/definitions/")]
	switch {
	case !has:
		return
	case key == "canary":
		part = map[bool]string{true: part, false: "rows"}[nested]
		top = definition.OneOf[1].Properties[part]
	case top.Description == "":
		top = definition.property
	}
	if top.Description == "" {
		t.Errorf("the schema does not describe %s", o.Key())
	}
	if o.Choices != nil && !slices.Equal(slices.Sorted(slices.Values(top.Enum)), slices.Sorted(slices.Values(o.Choices))) {
		t.Errorf("the schema has %v for %s, want %v", top.Enum, o.Key(), o.Choices)
	}
	if o.Type != jobs.TimeOption && (top.Minimum != o.Least || top.Maximum != o.Most) {
		t.Errorf("the schema bounds %s by %v and %v, want %v and %v", o.Key(), top.Minimum, top.Maximum, o.Least, o.Most)
	}
	standard := jobs.Defaults()
	if top.Default != nil {
		text, _ := json.Marshal(top.Default)
		if got, wrong := o.Read(strings.Trim(string(text), `"`)); wrong != nil || got != o.Text(&standard) {
			t.Errorf("the schema has the default %s for %s, want %s", text, o.Key(), o.Text(&standard))
		}
	}
}

func askOptionReport(t *testing.T, o jobs.Option, sample string) {
	opt := jobs.Defaults()
	if err := o.Set(&opt, sample); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(report.Options{Options: opt})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"` + o.JSONName() + `":` + sample, `"` + o.JSONName() + `":"` + sample + `"`} {
		if strings.Contains(string(text), want) {
			return
		}
	}
	t.Errorf("summary.json has no %s: %s", o.JSONName(), text)
}

func askOptionDocuments(t *testing.T, o jobs.Option, _ string) {
	data, err := os.ReadFile("../../docs/running.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), "--"+o.Name) {
		t.Errorf("docs/running.md does not name --%s", o.Name)
	}
}
