package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/redisfault"
)

// Each fault of a Redis has a hint of its own, where the command has one.
func TestEachFaultHasItsHint(t *testing.T) {
	seen := map[string]redisfault.Fault{}
	for f, hint := range faultHints {
		if other, twice := seen[hint]; twice {
			t.Errorf("%s and %s have the same hint", f, other)
		}
		seen[hint] = f
	}
	for answer, part := range map[string]string{
		"READONLY You can't write against a read only replica.":         "replica",
		"OOM command not allowed when used memory > 'maxmemory'.":       "maxmemory",
		"NOPERM this user has no permissions to access a channel":       "ACL SETUSER",
		"WRONGPASS invalid username-password pair or user is disabled.": "user and password",
		"NOAUTH Authentication required.":                               "give a password",
		"CLUSTERDOWN Hash slot not served":                              "--cluster check",
		"MISCONF Errors writing to the AOF file: No space left":         "space on its disk",
		"LOADING Redis is loading the dataset in memory":                "reads its file",
		"MOVED 5556 10.0.0.3:6379":                                      "another node",
		"CROSSSLOT Keys in request don't hash to the same slot":         "another node",
	} {
		cmd := &cobra.Command{Use: "jobs"}
		cmd.Flags().String("redis", "redis://h", "")
		err := fmt.Errorf("list jobs: %w", errors.New(answer))
		if code, text := explain(err, cmd); code == exitOK || !strings.Contains(text, "hint: ") || !strings.Contains(text, part) {
			t.Errorf("%s: got %d, %s; want a hint with %q", answer, code, text, part)
		}
	}
}
