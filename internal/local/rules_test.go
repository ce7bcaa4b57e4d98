package local

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/sunbulk/sunbulk/internal/input"
)

// I1, I9: a run that a release with other rules for reading began is not continued: its batches would be cut elsewhere.
func TestI9RunsOfOtherRulesDoNotGoOn(t *testing.T) {
	current := fmt.Sprintf(`"rules":%d,`, input.Rules)
	for name, rules := range map[string]string{"an older release": "", "a newer one": `"rules":99,`, "this one": current} {
		t.Run(name, func(t *testing.T) {
			dir, codec := t.TempDir(), newCodec(t)
			newRun(t, dir).Close()
			path := filepath.Join(dir, FileName)
			data, err := os.ReadFile(path)
			if err != nil || !bytes.Contains(data, []byte(current)) {
				t.Fatalf("the journal says no rules: %s, %v", data, err)
			}
			data = bytes.Replace(data, []byte(current), []byte(rules), 1)
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			l, _, err := Resume(t.Context(), dir, head(), newMemory(t, codec), codec)
			if err == nil {
				l.Close()
			}
			if refused := errors.Is(err, ErrOtherRules); refused != (name != "this one") {
				t.Errorf("got %v", err)
			}
			if now, err := os.ReadFile(path); refusedAndChanged(now, data, name) || err != nil {
				t.Errorf("the journal was changed, or %v", err)
			}
		})
	}
}

// refusedAndChanged tells whether a journal is another though nothing could continue it.
func refusedAndChanged(now, before []byte, name string) bool {
	return name != "this one" && !bytes.Equal(now, before)
}
