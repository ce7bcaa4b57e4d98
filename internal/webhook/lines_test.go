package webhook

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestLines(t *testing.T) {
	long := strings.Repeat("x", 3*MaxPayload)
	var got []string
	for payload, err := range Lines(strings.NewReader("{}\r\n\n  \n" + long + "\n[]")) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(payload))
	}
	if len(got) != 3 || got[0] != "{}" || len(got[1]) != MaxPayload+1 || got[2] != "[]" {
		t.Errorf("got %d lines", len(got))
	}
}

func TestLinesOfAFileThatBreaks(t *testing.T) {
	broken := errors.New("broken")
	var got []error
	for _, err := range Lines(io.MultiReader(strings.NewReader("{}\n{"), iotest.ErrReader(broken))) {
		got = append(got, err)
	}
	if len(got) != 2 || got[0] != nil || !errors.Is(got[1], broken) {
		t.Errorf("got %v", got)
	}
}
