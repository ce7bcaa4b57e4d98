package runbook

import (
	"encoding/json"
	"errors"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// Whatever the file, it is refused with places, or its JSON says the same.
func FuzzParse(f *testing.F) {
	full, err := os.ReadFile("testdata/full.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(full)
	for _, text := range []string{
		"name: x\nsteps: [{op: list, where: 'a'}]", "{\"name\": \"x\", \"steps\": [{\"op\": \"remove\", \"set\": {\"clientId\": \"\\u003c\"}}]}",
		"name: x\nrate: 1e-7\nsteps:\n- op: list\n  canary: {}\n", "name: 'x'\ndescription: \"\\ud83d\\u2028\\\"\"\nsteps: [{op: list}]", "a: &a [*a]", "? {a: b}\n: c", "---\n...\n---",
		"name: x\nvars: {a: ~, b: 1_0, c: 2026-01-01, d: 'e '}\ninput: -\nsteps: [{op: verify, within: 1h1ns}]", "%YAML 1.2\n---\n!!map {}",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		want, err := Parse("x.yaml", data)
		if err != nil {
			e, ok := errors.AsType[*Error](err)
			if !ok || len(e.Problems) == 0 || len(e.Problems) > maxProblems {
				t.Fatalf("got %#v", err)
			}
			for _, p := range e.Problems {
				if p.Cause == "" || p.Line < 0 || p.Line > 0 && p.Column < 1 {
					t.Errorf("got %#v", p)
				}
			}
			return
		}
		for i := range want.Steps {
			if _, err := want.Options(i); err != nil {
				t.Errorf("options of step %d: %v", i, err)
			}
		}
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Parse("x.json", text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Runbook{}), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
