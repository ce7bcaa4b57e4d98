package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sunbulk/sunbulk/jobs"
)

// samples are values of the columns that operations need, valid for all of them.
var samples = map[string]string{
	"user": "u1", "matchCriteria.type": "whatsapp", "matchCriteria.integrationId": "i1", "matchCriteria.phoneNumber": "+12125552368",
	"confirmation.type": "immediate", "target.conversationId": "c1", "clientId": "client-1",
}

// operationRoom asks one part of sunbulk for an operation that is in the table of jobs. dir holds rows.csv, with a row of it.
type operationRoom func(t *testing.T, o jobs.Operation, dir string)

// An operation that is in the table is known everywhere: what fails says where it is not.
func TestEveryOperationIsKnownEverywhere(t *testing.T) {
	rooms := []struct {
		name string
		ask  operationRoom
	}{
		{"jobs", askTable}, {"plan", askPlan}, {"worker and report", askRun}, {"runbook", askRunbook}, {"schema", askSchema}, {"help", askHelp}, {"documents", askDocuments},
	}
	for _, o := range jobs.Operations() {
		for _, room := range rooms {
			t.Run(string(o.Name)+" "+room.name, func(t *testing.T) {
				dir := t.TempDir()
				writeSample(t, o, filepath.Join(dir, "rows.csv"))
				room.ask(t, o, dir)
			})
		}
	}
}

// sampled are the columns of an operation for which there is a sample.
func sampled(o jobs.Operation) (paths []string) {
	paths = []string{"user"}
	for _, path := range o.Columns {
		if samples[path] != "" && path != "user" {
			paths = append(paths, path)
		}
	}
	return paths
}

func writeSample(t *testing.T, o jobs.Operation, name string) {
	t.Helper()
	paths := sampled(o)
	for _, path := range o.Required {
		if !slices.Contains(paths, path) {
			t.Fatalf("the columns of %s lack %s, which it requires, or samples has no value for it", o.Name, path)
		}
	}
	var values []string
	for _, path := range paths {
		values = append(values, samples[path])
	}
	if err := os.WriteFile(name, []byte(strings.Join(paths, ",")+"\n"+strings.Join(values, ",")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

func askTable(t *testing.T, o jobs.Operation, _ string) {
	if o.Summary == "" || o.Calls < 1 || o.Check == nil {
		t.Error("its entry lacks a Summary, a Check, or the Calls of a row")
	}
	if _, err := jobs.FindOperation(string(o.Undo)); o.Undo != "" && err != nil {
		t.Errorf("its Undo: %v", err)
	}
	if o.Creates && o.Undo == "" {
		t.Error("it creates, and has no Undo: no report can offer to take back what it made")
	}
	for _, path := range o.Columns {
		if !slices.ContainsFunc(jobs.Columns(), func(c jobs.Column) bool { return c.Path == path }) {
			t.Errorf("it reads %s, which is no column of jobs.Columns: reports would leave it out", path)
		}
	}
}

func askPlan(t *testing.T, o jobs.Operation, dir string) {
	out, _ := command(t, exitOK, "plan", filepath.Join(dir, "rows.csv"), "--op", string(o.Name), "--app", "demo", "--json")
	var plan struct {
		Operations map[jobs.Op]int64
		Calls      int64
	}
	if err := json.Unmarshal([]byte(out), &plan); err != nil {
		t.Fatal(err)
	}
	if plan.Operations[o.Name] != 1 || plan.Calls != o.Calls {
		t.Errorf("plan counts %v and %d calls, want one %s and %d calls", plan.Operations, plan.Calls, o.Name, o.Calls)
	}
}

func askRun(t *testing.T, o jobs.Operation, dir string) {
	to := filepath.Join(dir, "report")
	var out, errs bytes.Buffer
	code := run(t.Context(), t.Context(), []string{"run", filepath.Join(dir, "rows.csv"), "--op", string(o.Name), "--simulate", "--within", "0s", "--out", to}, strings.NewReader(""), &out, &errs)
	data, err := os.ReadFile(filepath.Join(to, "results.csv"))
	if err != nil {
		t.Fatalf("exit code %d, %v: %s", code, err, errs.String())
	}
	lines, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil || len(lines) != 2 {
		t.Fatalf("results.csv: %v %v", lines, err)
	}
	cell := func(name string) string { return lines[1][slices.Index(lines[0], name)] }
	if cell("op") != string(o.Name) || cell("attempts") == "" {
		t.Errorf("results.csv has no row of it that was called: %v", lines[1])
	}
	if cell("errorCode") == "invalid" {
		t.Errorf("the worker did not call: %s", cell("error"))
	}
}

func askRunbook(t *testing.T, o jobs.Operation, dir string) {
	file := filepath.Join(dir, "book.yaml")
	if err := os.WriteFile(file, []byte("name: book\napp: demo\ninput: [rows.csv]\nsteps:\n  - op: "+string(o.Name)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	command(t, exitOK, "runbook", "check", file)
}

func askSchema(t *testing.T, o jobs.Operation, _ string) {
	out, _ := command(t, exitOK, "runbook", "schema")
	var schema struct {
		Definitions struct {
			Step struct {
				Properties struct {
					Op struct {
						Enum        []jobs.Op
						Description string
					}
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(out), &schema); err != nil {
		t.Fatal(err)
	}
	op := schema.Definitions.Step.Properties.Op
	if !slices.Contains(op.Enum, o.Name) {
		t.Errorf("the op of a step in internal/runbook/runbook.schema.json may not be %s: %v", o.Name, op.Enum)
	}
	if clause := string(o.Name) + ": " + o.Summary + "."; !strings.Contains(op.Description, clause) {
		t.Errorf("the op of a step in internal/runbook/runbook.schema.json is not described by %q", clause)
	}
}

func askHelp(t *testing.T, o jobs.Operation, _ string) {
	for _, name := range []string{"run", "plan", "enqueue"} {
		out, _ := command(t, exitOK, name, "--help")
		i := strings.Index(out, "operation of rows without an op column")
		if i < 0 {
			t.Fatalf("help of %s does not say what --op is", name)
		}
		if line, _, _ := strings.Cut(out[i:], "\n"); !strings.Contains(line, string(o.Name)) {
			t.Errorf("help of %s does not name %s: %s", name, o.Name, line)
		}
	}
}

func askDocuments(t *testing.T, o jobs.Operation, _ string) {
	for name, row := range map[string]string{
		"README.md": "\n| `" + string(o.Name) + "` | ", "docs/architecture.md": "\n| operation | ",
	} {
		data, err := os.ReadFile(filepath.Join("../..", name))
		if err != nil {
			t.Fatal(err)
		}
		_, rest, found := strings.Cut(string(data), row)
		line, _, _ := strings.Cut(rest, "\n")
		if !found || !strings.Contains(row+line, "`"+string(o.Name)+"`") {
			t.Errorf("%s has no line %s… that names it", name, strings.TrimSpace(row))
		}
	}
}
