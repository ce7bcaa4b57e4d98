package runbook

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sunbulk/sunbulk/internal/input"
)

// The examples are sound, and so is each row of their inputs but one with an extension, as an export has them.
func TestExamples(t *testing.T) {
	t.Chdir("../..") // their inputs are named from there
	given := map[string]map[string]string{"migrate-integration.yaml": {"new": "5f1a0c52d8b7e4000c3a9e02"}}
	files, err := filepath.Glob("testdata/runbooks/*.yaml")
	if err != nil || len(files) < 4 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Parse(file, data)
		if err != nil {
			t.Fatal(err)
		}
		vars, err := r.Variables(given[filepath.Base(file)])
		if err != nil {
			t.Fatal(err)
		}
		flow, err := r.Compile(vars)
		if err != nil {
			t.Fatal(err)
		}
		readExample(t, flow)
	}
}

func readExample(t *testing.T, flow *Flow) {
	t.Helper()
	inputs, err := input.Find(t.Context(), flow.Input)
	if err != nil {
		t.Fatal(err)
	}
	cfg := flow.Config(0)
	cfg.Warn = func(message string) { t.Errorf("%s: %s", flow.Name, message) }
	reader, err := input.Open(t.Context(), inputs, cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	reader.At(time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC))
	called := 0
	for record := range reader.Records() {
		if record.Rejection != nil && !strings.Contains(record.Rejection.Cause, "extension") {
			t.Errorf("%s: %+v", flow.Name, record.Rejection)
		} else if !record.Filtered {
			called++
		}
	}
	if called == 0 {
		t.Errorf("%s: no row is called", flow.Name)
	}
}
