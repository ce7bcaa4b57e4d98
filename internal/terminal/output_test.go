package terminal

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/sunbulk/sunbulk/jobs"
)

func TestPrintf(t *testing.T) {
	var out bytes.Buffer
	Printf(&out, "%s: %v\n%s %d %s\n", "a\nb", errors.New("c\x1bd"), jobs.State("e\tf"), 7, jobs.Kind("\u202e"))
	if got, want := out.String(), "a b: c\\u001bd\ne f 7 \\u202e\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// The live line is taken off and written again by escapes that nothing else can write.
func TestScreenKeepsItsOwnEscapes(t *testing.T) {
	var out bytes.Buffer
	s := NewScreen(&out)
	s.file = os.Stderr // as on a terminal
	s.Status("1 of 2\x1b[31m")
	fmt.Fprintln(s, "a\x1b[2J")
	s.Status("")
	if got, want := out.String(), clearLine+`1 of 2\u001b[31m`+clearLine+"a\\u001b[2J\n"+`1 of 2\u001b[31m`+clearLine; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
