package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// A world among the inputs is refused, whether --simulate stands before it or not; what only looks a little like one is not.
func TestRefuseWorlds(t *testing.T) {
	const bare, none, given = "--simulate", "", "--simulate=other.json"
	for name, c := range map[string]struct{ flag, text, hint string }{
		"after --simulate":             {bare, `{"users": [{"id": "u1", "clients": []}], "integrations": [{"id": "i1", "type": "twilio"}]}`, "write --simulate="},
		"a list of users, simulated":   {bare, `{"users": [{"id": "u1"}]}`, "write --simulate="},
		"only knobs":                   {bare, `{"knobs": {"share503": 0.5}}`, "write --simulate="},
		"with a byte order mark":       {bare, "\ufeff" + ` {"lenient": true}`, ""}, // no JSON for a world either
		"without --simulate":           {none, "\n{\"lenient\": true}", "it goes with an input"},
		"users with conversations":     {none, `{"users": [{"id": "u1", "conversations": ["c1"]}]}`, "it goes with an input"},
		"beside another world":         {given, `{"integrations": [{"id": "i1", "type": "whatsapp"}]}`, "it goes with an input"},
		"a list of users":              {none, `{"users": [{"id": "u1"}]}`, ""}, // rows below a name: the reader's to say
		"NDJSON":                       {bare, "{\"user\": \"u1\"}\n{\"user\": \"u2\"}\n", ""},
		"an array":                     {bare, `[{"user": "u1"}]`, ""},
		"CSV":                          {bare, "user\nu1\n", ""},
		"nothing":                      {bare, "", ""},
		"an empty object":              {bare, "{}", ""},
		"an object with another field": {bare, `{"users": [{"id": "u1"}], "total": 1}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "world.json")
			if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			var value string
			f := pflag.NewFlagSet("", pflag.ContinueOnError)
			simulateFlag(f, &value)
			if err := f.Parse(strings.Fields(c.flag)); err != nil {
				t.Fatal(err)
			}
			err := refuseWorlds(f, []string{"users.csv", file})
			var hint string
			if e, ok := errors.AsType[*exitError](err); ok {
				hint = e.hint
				if e.code != exitUsage {
					t.Errorf("got exit code %d", e.code)
				}
			}
			if (err != nil) != (c.hint != "") || !strings.Contains(hint, c.hint) {
				t.Errorf("got %v with hint %q, want %q", err, hint, c.hint)
			}
		})
	}
}
