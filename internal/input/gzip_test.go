package input

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func packed(t *testing.T, texts ...string) string {
	t.Helper()
	var b bytes.Buffer
	for _, text := range texts {
		z := gzip.NewWriter(&b)
		if _, err := z.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

// Zeros behind gzip data are padding; anything else there is damage, and is reported as the last row.
func TestGzipPadding(t *testing.T) {
	whole := packed(t, "user\na\n", "", "b\n")
	rows := []string{"1:2 list user=a", "2:3 list user=b"}
	for name, test := range map[string]struct {
		text string
		more string
	}{
		"none":              {whole, ""},
		"one zero":          {whole + "\x00", ""},
		"a block of zeros":  {whole + strings.Repeat("\x00", 10_240), ""},
		"many zeros":        {whole + strings.Repeat("\x00", 300_000), ""},
		"text":              {whole + "and then some text\n", "unpack gzip"},
		"text behind zeros": {whole + "\x00\x00c\n", "there is other data behind the zeros"},
		"half a member":     {whole + packed(t, "c\n")[:14], "the gzip data is cut off"},
	} {
		got, err := readText(t, test.text, Config{Op: "list"})
		if err != nil {
			t.Fatal(err)
		}
		told := got.told()
		if test.more != "" {
			if last := told[len(told)-1]; !strings.Contains(last, test.more) {
				t.Errorf("%s: got %s, want a last row with %q", name, last, test.more)
			}
			told = told[:len(rows)]
		}
		if diff := cmp.Diff(rows, told); diff != "" {
			t.Errorf("%s: records (-want +got):\n%s", name, diff)
		}
		if in := got.inputs[0]; in.Bytes != int64(len(test.text)) {
			t.Errorf("%s: got %d bytes, want %d", name, in.Bytes, len(test.text))
		}
	}
}
